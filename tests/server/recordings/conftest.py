"""Rooms whose lives are recorded, and replays, with SQLite and local files."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from relay.channel.hub import Hub
from relay.errors import Refusal, RefusalCode
from relay.media import opus
from relay.rtc.udp import UdpPort
from relay.sample import Track
from relay.worker.workers import Workers
from server.ingest.sessions import IngestSessions
from server.ingest.transcoders import Transcoders
from server.objects.objects import Objects
from server.objects.stores import LocalFiles, ObjectInfo
from server.recordings.policy import RecordingPolicy
from server.recordings.recordings import Recordings
from server.recordings.replay_files import ReplayFiles
from server.recordings.replays import Replays
from server.rooms.life import RoomEvent
from server.rooms.registry import Rooms
from server.rooms.room import Room, RoomPolicy
from server.settings import Settings
from server.storage.storage import Storage
from tests.fixtures import media
from tests.fixtures.recorded import CREATED, ROOM
from tests.fixtures.workers import running_workers


class Files(LocalFiles):
    """Local files that fail while the test sets a fault."""

    failing: OSError | None = None

    def put(self, key: str, data: bytes | Path, content_type: str) -> None:
        if self.failing:
            raise self.failing
        super().put(key, data, content_type)

    def list(self, prefix: str) -> list[ObjectInfo]:
        if self.failing:
            raise self.failing
        return super().list(prefix)


@dataclass
class House:
    """A server without its network."""

    storage: Storage
    rooms: Rooms
    recordings: Recordings
    objects: Objects
    files: Files
    folder: Path

    async def live(self) -> Room:
        """A room on air, at the end of its first second of media."""
        new = await self.rooms.create("A live")
        room = self.rooms.in_memory.find(new.room.room)
        assert room is not None
        publish(room, 0, 1)
        room.happen(RoomEvent.MEDIA_CAME)
        return room

    def stored(self, room: str) -> list[str]:
        """The objects of a recording."""
        return sorted(path.name for path in (self.folder / "lives" / room).glob("*"))

    async def ended(self, room: str) -> None:
        """Waits until no recorder writes the recording of a room."""
        if recorder := self.recordings._recorders.get(room):
            await recorder.ended()


def publish(room: Room, first: float, last: float, epoch: int = 1, gop: int = 60) -> None:
    """Publishes frames and audio from second `first` to second `last`."""
    stream = room.stream
    stream.set_track(media.video_track(), 0)
    stream.set_track(opus.track_info(), 0)
    frames = [
        media.video_sample(n * 3_000, key=n % gop == 0, epoch=epoch)
        for n in range(round(first * 30), round(last * 30))
    ]
    sounds = [
        media.sound_sample(n * 960, epoch=epoch) for n in range(round(first * 50), round(last * 50))
    ]
    samples = [*frames, *sounds]
    for sample in sorted(samples, key=lambda each: (each.media_time, each.track is Track.AUDIO)):
        stream.publish(sample)


@asynccontextmanager
async def open_house(folder: Path, policy: RecordingPolicy) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        storage = await Storage.open(folder)
        stack.push_async_callback(storage.close)
        files = Files(folder / "media")
        objects = Objects(files)
        stack.push_async_callback(objects.close)
        rooms = Rooms(
            storage,
            Hub(90, 1 << 24),
            IngestSessions(UdpPort(), Transcoders(Workers(), 0, 1, 1_000_000), 1_000_000).open,
            RoomPolicy(idle_ttl=3_600, away_grace=600),
            lambda beacon, before: None,
        )
        await rooms.open()
        recordings = Recordings(
            *(rooms.in_memory, storage.recordings, storage.kept_media, objects, policy)
        )
        rooms.observe(recordings)
        await recordings.open()
        stack.push_async_callback(recordings.close)
        stack.push_async_callback(rooms.close)
        yield House(storage, rooms, recordings, objects, files, folder / "media")


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, RecordingPolicy()) as opened:
        yield opened


@dataclass
class Stored:
    storage: Storage
    objects: Objects
    replays: Replays
    now: float = CREATED + 100

    @property
    def files(self) -> ReplayFiles:
        return self.replays.files

    async def code(self, room: str = ROOM.room) -> RefusalCode | None:
        """Returns the code of the refusal if there is no replay."""
        try:
            await self.replays.find(room)
        except Refusal as refusal:
            assert refusal.status == 404
            return refusal.code
        return None


@pytest_asyncio.fixture
async def stored(tmp_path: Path) -> AsyncIterator[Stored]:
    storage = await Storage.open(tmp_path, None)
    objects = await Objects.open(Settings(data=tmp_path))
    async with running_workers() as workers:
        replays = Replays(storage, objects, workers, lambda: made.now)
        made = Stored(storage, objects, replays)
        yield made
        await replays.close()
    await objects.close()
    await storage.close()
