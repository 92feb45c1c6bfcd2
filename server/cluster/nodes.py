"""The nodes of the cluster: announces this node, and knows which other nodes run."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from relay.edge.subjects import control_subject
from server.cluster.connection import Connection
from server.cluster.errors import ClusterError, NoNode, Unreachable
from server.cluster.node import VERSION, Node, read_node, write_node
from server.cluster.table import Table

logger = logging.getLogger(__name__)

BUCKET = "ml_nodes"
RENEW_EVERY = 3.0
GONE_AFTER = 10.0
"""Seconds after which a node that does not renew its record is gone."""
TWIN_WITHIN = 1.0
"""Seconds within which a node answers whether it still runs."""
MAX_NODES = 1_000
RANDOM = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_id(name: str) -> str:
    """Returns the id of a node that starts now."""
    return f"{name}-{''.join(secrets.choice(RANDOM) for _ in range(8))}"


@dataclass(slots=True)
class _Seen:
    node: Node
    at: float


class Nodes:
    """The nodes of the cluster. Call `open()` first, `close()` at the end."""

    def __init__(
        self,
        connection: Connection,
        node: Node,
        gone: Callable[[Node], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`gone` is called with each node that has left or has not renewed its record."""
        self.me = node
        self._connection = connection
        self._gone = gone
        self._clock = clock
        self._table = Table(connection, BUCKET, self._changed, GONE_AFTER)
        self._seen: dict[str, _Seen] = {}
        """The other nodes, by name."""
        self._refused: set[str] = set()
        """Ids of the nodes about whose version a line was logged."""
        self._answers = True
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Announces this node. Raises ClusterError if another node has the same name."""
        await self._connection.answer(control_subject(self.me.id, "ping"), self._pong)
        await self._table.open()
        await self._require_no_twin()
        await self._table.put(self.me.name, write_node(self.me))
        self._task = asyncio.get_running_loop().create_task(self._renew_for_ever())

    async def close(self) -> None:
        """Tells the other nodes that this node is gone."""
        # wait_for of Python 3.11 may swallow a cancellation, so the task also looks at `_closed`.
        self._closed = True
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            try:
                await self._table.delete(self.me.name)
            except Unreachable as error:
                logger.debug("the others do not know that this node is gone: %s", error)

    @property
    def others(self) -> list[Node]:
        """The other nodes that run and understand this node's messages."""
        return [seen.node for seen in self._seen.values()]

    def find(self, id: str) -> Node | None:
        """Returns the node with this id; None if it does not run."""
        if id == self.me.id:
            return self.me
        return self.named(id.rpartition("-")[0], id)

    def named(self, name: str, id: str | None = None) -> Node | None:
        """Returns the node with this name, which may have another id than `id` after a restart."""
        if name == self.me.name:
            return self.me if id in (None, self.me.id) else None
        seen = self._seen.get(name)
        return seen.node if seen and id in (None, seen.node.id) else None

    async def announce(self, **changes: float | bool) -> None:
        """Tells the other nodes what has changed about this node: `load`, `capacity` or
        `draining`.
        """
        self.me = replace(self.me, **changes)  # type: ignore[arg-type]
        await self._renew()

    async def read_again(self) -> None:
        """Reads all records, after an interruption. Raises ClusterError."""
        await self._table.read()
        await self._renew()

    async def _require_no_twin(self) -> None:
        """Raises ClusterError if a node with the name of this one runs. The record of a node that
        was killed remains for GONE_AFTER seconds.
        """
        found = await self._table.get(self.me.name)
        twin = read_node(found.data) if found else None
        if twin is None:
            return
        try:
            await self._connection.request(control_subject(twin.id, "ping"), b"", TWIN_WITHIN)
        except NoNode:
            return
        except Unreachable:
            pass  # it is stopped, or very slow, but connected
        raise ClusterError(
            f"another node of the cluster has the name {self.me.name}: set --node-name"
        )

    async def _pong(self, _: bytes) -> bytes:
        return b""

    async def _renew_for_ever(self) -> None:
        while not self._closed:
            await asyncio.sleep(RENEW_EVERY)
            await self._renew()
            self._forget_silent()

    async def _renew(self) -> None:
        try:
            await self._table.put(self.me.name, write_node(self.me))
            self._answers = True
        except Unreachable as error:
            if self._answers and self._connection.connected:
                logger.warning("this node cannot announce itself: %s", error)
                self._answers = False
            await self._restore()

    async def _restore(self) -> None:
        """Creates the bucket again if it was deleted."""
        if self._connection.connected:
            try:
                await self._table.read()
                await self._table.put(self.me.name, write_node(self.me))
                self._answers = True
            except ClusterError as error:
                logger.debug("the bucket of the nodes is not restored: %s", error)

    def _forget_silent(self) -> None:
        """Forgets the nodes that were not heard of. While NATS is away, no node can be heard."""
        now = self._clock()
        if not self._connection.connected or not self._answers:
            for seen in self._seen.values():
                seen.at = now
        for name, seen in list(self._seen.items()):
            if now - seen.at > GONE_AFTER:
                self._forget(name, "it does not renew its record")

    def _forget(self, name: str, reason: str) -> None:
        seen = self._seen.pop(name, None)
        if seen:
            logger.info("node %s is gone: %s", seen.node.id, reason)
            self._refused.discard(seen.node.id)
            self._gone(seen.node)

    def _changed(self, key: str, data: bytes | None) -> None:
        if data is None:
            if key != self.me.name:
                self._forget(key, "it has left")
            return
        node = read_node(data)
        if node is None or node.name != key or node.id == self.me.id:
            return
        if key == self.me.name:
            if self._task is None:
                return  # not announced yet: the record is what a killed node has left
            logger.error("node %s has the name of this node: set --node-name", node.id)
        elif not node.speaks_ours:
            self._refuse(node)
        else:
            self._see(node)

    def _refuse(self, node: Node) -> None:
        if node.id not in self._refused and len(self._refused) < MAX_NODES:
            self._refused.add(node.id)
            logger.error(
                "node %s understands the versions %s of messages, and this node %d: it is ignored",
                node.id,
                ", ".join(map(str, node.understands)) or "none",
                VERSION,
            )

    def _see(self, node: Node) -> None:
        former = self._seen.get(node.name)
        if former and former.node.id != node.id:
            self._forget(node.name, "it was started again")
            former = None
        if former is None:
            if len(self._seen) >= MAX_NODES:
                return
            logger.info("node %s is there", node.id)
        self._seen[node.name] = _Seen(node, self._clock())
