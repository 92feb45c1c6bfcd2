"""The list of the rooms on air. It is made in short steps, so that no frame waits for thousands of
rooms.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import asdict
from heapq import merge
from itertools import islice
from typing import Any

from server.http.payloads import ListedRoom, dump
from server.http.posters import poster_path
from server.posters.posters import Posters
from server.rooms.description import RoomDescription
from server.rooms.registry import Rooms
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

STEP = 50
"""Number of rooms between which other tasks run."""
LONG = 0.005
"""Seconds of CPU time from which a list answers the requests of the next moments too."""
SHARE = 1 / 20
"""Maximum share of the time that lists may take which are that long."""


class RoomsOnAir:
    """The rooms on air, as GET /api/rooms answers them."""

    def __init__(self, rooms: Rooms, posters: Posters) -> None:
        self._rooms = rooms
        self._posters = posters
        self._making = asyncio.Lock()
        self._made = b""
        self._made_until = 0.0

    async def body(self) -> bytes:
        """Returns the JSON of the answer."""
        async with self._making:
            if time.monotonic() >= self._made_until:
                self._made = await self._make()
            return self._made

    async def _make(self) -> bytes:
        elsewhere = await self._elsewhere()
        parts, work = [], 0.0
        began = time.thread_time()
        rooms = merge(self._rooms.listing.on_air(), elsewhere, key=lambda room: -room.viewers)
        while part := self._part(islice(rooms, STEP)):
            parts.append(part)
            work += time.thread_time() - began
            await asyncio.sleep(0)
            began = time.thread_time()
        self._made_until = time.monotonic() + work / SHARE if work >= LONG else 0.0
        return b'{"rooms":[' + b",".join(parts) + b"]}"

    async def _elsewhere(self) -> list[RoomDescription]:
        """Returns the rooms of other nodes; none while the database is away."""
        try:
            return await self._rooms.listing.on_air_elsewhere()
        except StorageError as error:
            logger.debug("the list of rooms lacks those of other nodes: %s", error)
            return []

    def _part(self, rooms: Iterable[RoomDescription]) -> bytes:
        """Returns the JSON of some rooms, without the brackets of the list."""
        return dump(list[ListedRoom], [self._listed(room) for room in rooms])[1:-1]

    def _listed(self, room: RoomDescription) -> dict[str, Any]:
        poster = self._posters.find(room.room)
        path = poster_path(room.room, poster.version) if poster else None
        return asdict(room) | {"poster": path}
