"""The moves of rooms between the processes that share the database."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from relay.channel.hub import Hub
from relay.errors import Refusal, RefusalCode
from server.errors import Unavailable
from server.rooms.accepting import Acceptance
from server.rooms.arrivals import Arrivals
from server.rooms.elsewhere import Elsewhere
from server.rooms.hand_over import HandOver
from server.rooms.in_memory import RoomsInMemory
from server.rooms.refusals import over
from server.rooms.room import OpenSession, Room
from server.storage.rooms import RoomRecord, RoomStore

logger = logging.getLogger(__name__)


class Moves:
    """The rooms that this process takes from others, and those that others take from it. Call
    `close()` at the end.
    """

    def __init__(
        self,
        in_memory: RoomsInMemory,
        store: RoomStore,
        elsewhere: Elsewhere,
        acceptance: Acceptance,
        hub: Hub,
        open_session: OpenSession,
        restore: Callable[[RoomRecord, HandOver], Room],
        forget: Callable[[str], Room | None],
    ) -> None:
        """`restore` puts a room of the database into memory. `forget` removes a room from memory,
        and returns it; None if this process has no such room.
        """
        self._in_memory = in_memory
        self._store = store
        self._elsewhere = elsewhere
        self._acceptance = acceptance
        self._hub = hub
        self._restore = restore
        self._forget = forget
        self.arrivals = Arrivals(open_session, self._take)
        self._taking: dict[str, asyncio.Task[Room]] = {}
        """The rooms that this process is taking from another process."""
        self._leaving: dict[str, asyncio.Task[HandOver]] = {}
        """The rooms that another process has taken, until their last data is stored."""
        self._preparations: list[Callable[[str], Awaitable[None]]] = []

    async def close(self) -> None:
        await self.arrivals.close()

    def before(self, prepare: Callable[[str], Awaitable[None]]) -> None:
        """Calls `prepare` with each room that another process takes, before that process goes on
        with the room.
        """
        self._preparations.append(prepare)

    async def settle(self, name: str) -> None:
        """Returns once this process is not taking the room, whether it then has the room or not."""
        if name in self._taking:
            await asyncio.wait([self._taking[name]])

    async def adopt(self, server: str, mine: Callable[[str], bool]) -> int:
        """Takes the open rooms of a server that is gone, if `mine` is true for their names. The
        rooms then wait for their publishers. Returns the number of rooms. Raises StorageError.
        """
        number = 0
        for record in await self._store.unended(server):
            if mine(record.room) and record.room not in self._in_memory:
                try:
                    await self._take(record.room)
                    number += 1
                except Refusal as refusal:
                    logger.info("room %s is not adopted: %s", record.room, refusal)
        return number

    async def give_up(self, name: str) -> HandOver | None:
        """Forgets a room that another process has taken. Its publisher and viewers go. Returns with
        what the other process goes on; None if this process has no such room.
        """
        if name in self._leaving:
            return await asyncio.shield(self._leaving[name])
        room = self._forget(name)
        if room is None:
            return None
        task = self._leaving[name] = asyncio.get_running_loop().create_task(self._leave(room))
        task.add_done_callback(lambda _: self._leaving.pop(name))
        return await asyncio.shield(task)

    async def _leave(self, room: Room) -> HandOver:
        name = room.name
        await asyncio.gather(*(session.close() for session in room.sessions))
        await asyncio.gather(room.close(), *(prepare(name) for prepare in self._preparations))
        self._hub.move(name)
        self._elsewhere.closed(name)
        logger.info("room %s: another server runs it now", name)
        return room.hand_over

    async def _take(self, name: str) -> Room:
        """Returns the Room object. Takes the room from another process first, if another process
        owns it; requests at the same time take the room once.
        """
        if room := self._in_memory.find(name):
            return room
        self._acceptance.require_new()
        task = self._taking.get(name)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._take_over(name))
            self._taking[name] = task
            task.add_done_callback(lambda _: self._taking.pop(name))
        return await asyncio.shield(task)

    async def _take_over(self, name: str) -> Room:
        hand_over = await self._elsewhere.take(name)
        record = await self._store.take(name)
        if record is None:
            raise over()
        owner = self._elsewhere.owner(name)
        if owner != self._store.server:
            # Another process has taken the room meanwhile: the database must name that one.
            await self._store.take(name, owner)
            raise Unavailable(
                RefusalCode.NODE_AWAY, "another server took this room at the same time: try again"
            )
        self._acceptance.require_open()
        return self._restore(record, hand_over)
