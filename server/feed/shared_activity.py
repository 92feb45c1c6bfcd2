"""Tells the other servers what people do in the lives of this server."""

import asyncio
import logging
import time
from collections.abc import Callable
from heapq import nlargest

from server.rooms.in_memory import RoomsInMemory
from server.rooms.room import Room
from server.storage.errors import StorageError
from server.storage.live_activity import LiveActivityStore, StoredActivity

logger = logging.getLogger(__name__)

EVERY = 5.0
"""Interval at which the figures are stored, seconds."""
MOST = 1_000
"""Maximum number of lives whose figures are stored: those with the most people."""
STEP = 50
"""Number of lives between which other tasks run."""


class SharedActivity:
    """Stores the figures of the lives of this server, for other servers. Call `start()` first,
    `close()` at the end.
    """

    def __init__(
        self,
        store: LiveActivityStore,
        rooms: RoomsInMemory,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._now = now
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._store_for_ever())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def store(self) -> None:
        """Stores the present figures. Raises StorageError."""
        lives = []
        for number, room in enumerate(list(self._rooms)):
            if room.on_air and room.record.visibility == "public":
                lives.append(_measure(room))
            if number % STEP == STEP - 1:
                await asyncio.sleep(0)
        busy = [one for one in lives if one.viewers or one.reactors or one.arrivals]
        if busy:
            await self._store.replace(nlargest(MOST, busy, lambda one: one.viewers), self._now())

    async def _store_for_ever(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.store()
            except StorageError as error:
                logger.warning("other servers do not see what people do here: %s", error)


def _measure(room: Room) -> StoredActivity:
    found = room.social.activity.measure()
    return StoredActivity(
        room.name, found.watching, found.joined, found.reacting, found.usual, found.replied
    )
