"""Which node owns which room. A node takes a room by compare-and-swap: the record of the room gets
the next epoch, and the former owner loses the room as soon as it learns of this.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from relay.callbacks import ignore
from server.cluster.connection import Connection
from server.cluster.errors import ClusterError, Unreachable
from server.cluster.owner import Owner, read_owner, write_owner
from server.cluster.table import Conflict, Table
from server.rooms.hand_over import HandOver

logger = logging.getLogger(__name__)

BUCKET = "ml_rooms"
MAX_ROOMS = 200_000
"""Maximum number of rooms of all nodes whose owners this node remembers."""
TRIES = 8
"""Maximum number of tries to take a room that other nodes take at the same time."""
CHECK_EVERY = 5.0
"""Interval at which records are written that could not be written before, seconds."""


@dataclass(slots=True)
class _Own:
    owner: Owner
    written: bool = False
    """Whether the record in the table is the one of this node."""


class Ownership:
    """The owners of all rooms. Call `open()` first, `close()` at the end."""

    def __init__(
        self,
        connection: Connection,
        node: str,
        lost: Callable[[str, Owner], None],
        moved: Callable[[str, Owner], None] = ignore,
    ) -> None:
        """`node`: id of this node. `lost` is called with each room that another node has taken from
        this node, `moved` with each new owner of another room, and when the epoch of an own room
        changes.
        """
        self._moved = moved
        self._node = node
        self._lost = lost
        self._connection = connection
        self._table = Table(connection, BUCKET, self._changed)
        self._own: dict[str, _Own] = {}
        self._owners: dict[str, Owner] = {}
        """The owners of the other rooms."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsettled = asyncio.Event()
        self._closed = False
        self._checking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Raises ClusterError."""
        await self._table.open()
        self._checking = asyncio.get_running_loop().create_task(self._check_for_ever())

    async def close(self) -> None:
        # wait_for of Python 3.11 may swallow a cancellation, so the task also looks at `_closed`.
        self._closed = True
        tasks = [*self._tasks, *filter(None, [self._checking])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # Owners

    def find(self, room: str) -> Owner | None:
        """Returns the owner of a room, as far as this node knows."""
        own = self._own.get(room)
        return own.owner if own else self._owners.get(room)

    def owns(self, room: str) -> bool:
        return room in self._own

    def of_node(self, name: str) -> dict[str, Owner]:
        """Returns the rooms of another node, which may have been started again since."""
        return {room: owner for room, owner in self._owners.items() if owner.name == name}

    async def read(self, room: str) -> Owner | None:
        """Returns the owner of a room that is in the table now. Raises Unreachable."""
        found = await self._table.get(room)
        return read_owner(found.data) if found else None

    # Own rooms

    def opened(self, room: str) -> None:
        """Owns a room, unless it does already. The record follows in the background."""
        if room not in self._own:
            mine, known = Owner(self._node, 1), self._owners.pop(room, None)
            if known and known.name == mine.name:
                # This node has owned the room before it was started again.
                mine = replace(mine, epoch=known.epoch + 1)
            self._own[room] = _Own(mine)
            self._spawn(room)

    async def take(self, room: str) -> Owner | None:
        """Becomes the owner of a room. Returns the former owner, or None if the room had none.
        Raises Unreachable if NATS is away, or other nodes take the room all the time.
        """
        try:
            return await self._take(room)
        except Unreachable:
            if not self._connection.connected:
                raise
        await self.read_again()  # the bucket was deleted
        return await self._take(room)

    async def _take(self, room: str) -> Owner | None:
        for _ in range(TRIES):
            found = await self._table.get(room)
            former = read_owner(found.data) if found else None
            known = self.find(room)
            epoch = max(owner.epoch for owner in (former, known, Owner("", 0)) if owner) + 1
            mine = replace(former or Owner(self._node, epoch), node=self._node, epoch=epoch)
            try:
                await self._table.update(room, write_owner(mine), found.revision if found else 0)
            except Conflict:
                continue
            self._own[room] = _Own(mine, written=True)
            self._owners.pop(room, None)
            return former
        raise Unreachable("other nodes take this room at the same time")

    def changed(self, room: str, state: str, hand_over: HandOver) -> None:
        """Stores what has changed in an own room, in the background."""
        own = self._own.get(room)
        if own:
            own.owner = replace(own.owner, state=state, room=hand_over)
            own.written = False
            self._spawn(room)

    def left(self, room: str, owner: Owner) -> None:
        """Forgets an own room that another node has taken, as that node says."""
        own = self._own.get(room)
        if own and owner.epoch > own.owner.epoch:
            del self._own[room]
            self._remember(room, owner)

    def ended(self, room: str) -> None:
        """Deletes the record of an own room that has ended, in the background."""
        own = self._own.pop(room, None)
        if own:
            self._start(self._delete(room, own.owner))

    # The table

    def _changed(self, room: str, data: bytes | None) -> None:
        owner = read_owner(data) if data is not None else None
        own = self._own.get(room)
        if own is None:
            self._remember(room, owner)
        elif owner is None:
            own.written = False
            self._unsettled.set()
        elif owner.node != self._node and owner.epoch > own.owner.epoch:
            del self._own[room]
            self._remember(room, owner)
            self._lost(room, owner)

    def _remember(self, room: str, owner: Owner | None) -> None:
        if owner is None or owner.node == self._node:
            self._owners.pop(room, None)
        elif room in self._owners or len(self._owners) < MAX_ROOMS:
            former, self._owners[room] = self._owners.get(room), owner
            if former is None or former.epoch != owner.epoch:
                self._moved(room, owner)

    def _spawn(self, room: str) -> None:
        self._start(self._write(room))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write(self, room: str) -> None:
        """Writes the record of an own room, unless another node has taken the room."""
        try:
            for _ in range(TRIES):
                own = self._own.get(room)
                if own is None or own.written:
                    return
                mine = own.owner
                found = await self._table.get(room)
                stored = read_owner(found.data) if found else None
                later = stored and stored.node != self._node and stored.epoch >= mine.epoch
                if stored and later and stored.name == mine.name:
                    # This node has owned the room before it was started again.
                    own.owner = mine = replace(mine, epoch=stored.epoch + 1)
                    self._moved(room, mine)
                elif stored and later:
                    if room in self._own:
                        del self._own[room]
                        self._remember(room, stored)
                        self._lost(room, stored)
                    return
                try:
                    await self._table.update(
                        room, write_owner(mine), found.revision if found else 0
                    )
                except Conflict:
                    continue
                if own.owner == mine:
                    own.written = True
                    return
        except ClusterError as error:
            logger.debug("room %s: its record is not written yet: %s", room, error)
        self._unsettled.set()

    async def _delete(self, room: str, mine: Owner) -> None:
        try:
            found = await self._table.get(room)
            stored = read_owner(found.data) if found else None
            if found and stored and stored.node == self._node:
                await self._table.delete(room, found.revision)
        except ClusterError as error:
            # The database says that the room has ended. Another node deletes the record when it
            # adopts the rooms of this one.
            logger.debug("room %s: its record is not deleted: %s", room, error)

    async def read_again(self) -> None:
        """Reads the table, and restores the records of own rooms, after an interruption. A new
        table is empty if the NATS servers have lost their memory. Raises ClusterError.
        """
        found = await self._table.read()
        for room in [room for room in self._owners if room not in found]:
            del self._owners[room]
        for room, own in list(self._own.items()):
            own.written = own.written and room in found
            await self._write(room)

    async def _check_for_ever(self) -> None:
        while not self._closed:
            await self._unsettled.wait()
            await asyncio.sleep(CHECK_EVERY)
            self._unsettled.clear()
            try:
                if self._connection.connected:
                    await self.read_again()
            except ClusterError as error:
                logger.debug("the owners of rooms are not read: %s", error)
                self._unsettled.set()
