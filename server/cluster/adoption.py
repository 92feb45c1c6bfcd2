"""Adopts the rooms of nodes that are gone, so that their viewers learn what happens and the rooms
end in time if no creator returns. A creator who comes back earlier takes the room without this.

A node that is cut off from NATS, but still renews its lease in the database, keeps its rooms.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol
from zlib import crc32

from server.cluster.node import Node
from server.cluster.nodes import Nodes
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

STALE_AFTER = 20.0
"""Seconds after which a node that has not renewed its lease is dead. It renews every 15 s."""
SECOND_TURN = 10.0
"""Seconds after which a node also adopts the rooms that another node should have adopted."""

Sleep = Callable[[float], Awaitable[None]]


class Adopting(Protocol):
    """The moves of rooms to this process."""

    async def adopt(self, server: str, mine: Callable[[str], bool]) -> int:
        """Takes the open rooms of a dead server for which `mine` is true. Returns their number.
        Raises StorageError.
        """


class Adoption:
    """Adopts the rooms of one node at a time. `close()` ends the tasks."""

    def __init__(
        self,
        nodes: Nodes,
        moves: Adopting,
        read_leases: Callable[[], Awaitable[Mapping[str, int]]],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`read_leases` returns the number of renewals of each server in the database."""
        self._nodes = nodes
        self._moves = moves
        self._read_leases = read_leases
        self._sleep = sleep
        self._closed = False
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """The tasks by the name of the node that is gone."""

    async def close(self) -> None:
        # wait_for of Python 3.11 may swallow a cancellation, so the task also looks at `_closed`.
        self._closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def consider(self, node: Node) -> None:
        """Adopts the rooms of a node that is gone, unless it comes back."""
        if node.name not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._adopt(node.name))
            self._tasks[node.name] = task
            task.add_done_callback(lambda _: self._tasks.pop(node.name))

    async def _adopt(self, name: str) -> None:
        try:
            if not await self._is_dead(name):
                return
            number = await self._moves.adopt(name, self._is_mine)
            await self._sleep(SECOND_TURN)
            if self._nodes.named(name) is None:
                number += await self._moves.adopt(name, lambda room: True)
        except StorageError as error:
            logger.warning("the rooms of node %s are not adopted: %s", name, error)
            return
        if number:
            logger.info("node %s is dead: this node has adopted %d of its rooms", name, number)

    async def _is_dead(self, name: str) -> bool:
        while not self._closed:
            before = (await self._read_leases()).get(name)
            await self._sleep(STALE_AFTER)
            if self._nodes.named(name) is not None:
                return False
            if (await self._read_leases()).get(name) == before:
                return True
            logger.warning("node %s is cut off from NATS: it keeps its rooms", name)
        return False

    def _is_mine(self, room: str) -> bool:
        """Whether it is this node's turn to adopt the room: each node adopts a share."""
        nodes = sorted([self._nodes.me.id, *(node.id for node in self._nodes.others)])
        return nodes[crc32(room.encode()) % len(nodes)] == self._nodes.me.id
