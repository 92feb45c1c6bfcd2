"""All rooms: made, found, ended, and brought back after a restart."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from relay.channel.hub import Hub
from relay.errors import RefusalCode
from relay.rtc.udp import UdpPort
from relay.sample import Sample, TrackInfo
from server.errors import Gone, NotFound, Unavailable
from server.ingest.counters import IngestCounters
from server.ingest.transcoders import Transcoders
from server.rooms.beacon import Beacon
from server.rooms.room import Room, State
from server.settings import Settings
from server.storage.database import (
    RoomExists,
    RoomRecord,
    Storage,
    StorageError,
    hash_key,
    new_key,
    new_room_id,
)

logger = logging.getLogger(__name__)

MAX_ROOMS = 10_000
"""Rooms that have not ended; past it a new one has to wait for an old one to end."""
PURGE_EVERY = 3_600.0


class Rooms:
    """The registry. What is in memory has not ended; ended rooms are known to the storage only,
    until they are purged.
    """

    def __init__(
        self,
        storage: Storage,
        hub: Hub,
        port: UdpPort,
        settings: Settings,
        transcoders: Transcoders,
    ) -> None:
        self._storage = storage
        self._hub = hub
        self._port = port
        self._settings = settings
        self._transcoders = transcoders
        self._rooms: dict[str, Room] = {}
        self.counters = IngestCounters()
        """What the sessions of all creators have counted."""
        self._writes: set[asyncio.Task[None]] = set()
        self._endings: dict[str, asyncio.Task[None]] = {}
        self._purging: asyncio.Task[None] | None = None
        self._closing = False
        self.on_beacon: Callable[[Beacon, Beacon | None], None] | None = None
        """Hears each viewer's beacon and the one before it (None at first): for histograms by
        player.
        """

    async def open(self) -> None:
        """Brings back the rooms of the last run; those that were live wait for their creators."""
        for record in await self._storage.rooms():
            self._add(record)
        self._purging = asyncio.get_running_loop().create_task(self._purge())

    async def create(self, title: str) -> tuple[Room, str]:
        """A new room and its creator's key, which is not kept anywhere. Raises Unavailable when
        there are too many rooms.
        """
        if self._closing or len(self._rooms) >= MAX_ROOMS:
            raise Unavailable(
                RefusalCode.TOO_MANY_ROOMS,
                "there are too many rooms at the moment: try again later",
                60,
            )
        key = new_key()
        while True:
            record = RoomRecord(new_room_id(), title, hash_key(key), time.time())
            try:
                await self._storage.add_room(record)
            except RoomExists:
                continue
            return self._add(record), key

    async def require_ready(self) -> None:
        """Raises Unavailable while the server is closing, StorageError where storage does not
        answer.
        """
        if self._closing:
            raise Unavailable(RefusalCode.SERVER_CLOSING, "the server is shutting down")
        await self._storage.room("")

    async def find(self, name: str) -> Room:
        """A room that has not ended. Raises NotFound or Gone."""
        room = self._rooms.get(name)
        if room is not None and not room.ended:
            return room
        if await self._storage.room(name) is None:
            raise NotFound(RefusalCode.ROOM_NOT_FOUND, f"there is no room {name[:40]!r}")
        raise Gone(RefusalCode.ROOM_ENDED, "this room has ended")

    async def describe(self, name: str) -> dict[str, Any]:
        """A room, ended or not, as the API tells it. Raises NotFound."""
        room = self._rooms.get(name)
        if room is not None:
            return room.describe()
        record = await self._record(name)
        return {
            "room": name,
            "title": record.title,
            "state": State.ENDED.value,
            "viewers": 0,
            "created_at": record.created_at,
            "live_since": record.live_at,
        }

    def still(self, name: str) -> tuple[TrackInfo, Sample] | None:
        """The latest IDR of a room on air and how to decode it; None where there is none."""
        room = self._rooms.get(name)
        return room.stream.still() if room and room.on_air else None

    async def key_hash(self, name: str) -> bytes:
        """What a creator's key must hash to, of ended rooms too. Raises NotFound."""
        room = self._rooms.get(name)
        return room.record.key_hash if room else (await self._record(name)).key_hash

    @property
    def held(self) -> list[Room]:
        """All that have not ended, and those whose end is not on disk yet."""
        return list(self._rooms.values())

    def on_air(self) -> list[dict[str, Any]]:
        """Rooms that are live or away, most watched first."""
        rooms = [room.describe() for room in self._rooms.values() if room.on_air]
        return sorted(rooms, key=lambda room: (-room["viewers"], -(room["live_since"] or 0)))

    async def end(self, name: str) -> None:
        """Ends a room for good; nothing where it has ended. Returns when that is on disk."""
        room = self._rooms.get(name)
        if room:
            room.finish()
        if name in self._endings:
            await asyncio.shield(self._endings[name])

    async def close(self) -> None:
        """Ends every session. The rooms themselves have not ended: they come back with the next
        run.
        """
        self._closing = True
        await asyncio.gather(*(room.close() for room in self._rooms.values()))
        if self._purging:
            self._purging.cancel()
            await asyncio.wait([self._purging])
        while remaining := {*self._writes, *self._endings.values()}:
            await asyncio.wait(remaining)

    async def _record(self, name: str) -> RoomRecord:
        record = await self._storage.room(name)
        if record is None:
            raise NotFound(RefusalCode.ROOM_NOT_FOUND, f"there is no room {name[:40]!r}")
        return record

    def _add(self, record: RoomRecord) -> Room:
        room = Room(
            record,
            self._hub,
            self._port,
            self._settings,
            self._transcoders,
            self.counters,
            self._changed,
            self._heard,
        )
        self._rooms[record.room] = room
        return room

    def _changed(self, room: Room, before: State) -> None:
        if room.state is State.ENDED:
            self._endings[room.name] = self._write(self._bury(room))
            self._endings[room.name].add_done_callback(lambda _: self._endings.pop(room.name))
        elif before is State.IDLE and room.live_since is not None:
            self._write(self._storage.set_live(room.name, room.live_since))

    def _heard(self, beacon: Beacon, before: Beacon | None) -> None:
        if self.on_beacon:
            self.on_beacon(beacon, before)

    async def _bury(self, room: Room) -> None:
        try:
            await self._storage.end_room(room.name, time.time())
        finally:
            # The stream goes last: by now viewers have had the event that tells them why.
            self._rooms.pop(room.name, None)
            self._hub.end(room.name)
            await room.close()

    async def _purge(self) -> None:
        while True:
            try:
                await self._storage.purge(time.time() - self._settings.ended_ttl)
            except StorageError as error:
                logger.error("%s", error)
            await asyncio.sleep(PURGE_EVERY)

    def _write(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Sees a change of the storage through, whatever becomes of the request that caused it."""
        task = asyncio.get_running_loop().create_task(work)
        self._writes.add(task)
        task.add_done_callback(self._written)
        return task

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writes.discard(task)
        if error := task.exception():
            logger.error("%s", error, exc_info=None if isinstance(error, StorageError) else error)
