"""Kills a server while it records a live and makes clips. Starts the server again, and compares the
index of the recording and the clips with the objects and with the time of the kill.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from relay.errors import BitstreamError
from relay.media.bmff_reader import read_fragment, read_init
from scripts.benchmarks.crash_clips import clipping, count_clips
from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.local_server import LocalServer
from scripts.loadgen.clip import Clip, encode
from scripts.loadgen.publisher import PublishedCounts, Publisher
from server.storage.recording_records import PieceRecord, SegmentRecord
from server.storage.recordings import segment_key
from server.storage.storage import Storage

LIVE = (5.5, 12.0)
"""Shortest and longest time of media before a kill, seconds."""
CLIPPING = 2.0
"""Longest time for which clips are made before a kill, seconds. A clip takes up to 1 s, so some
kills come in the middle of the first clips, and others after some clips were finished.
"""
LOST_MOST = 6.0
"""Maximum duration of the media that a kill may lose, seconds: the last segment of about 4 s, and
the media that arrives while the server stores this segment.
"""
TICK = 0.004
WITHIN = 30.0
"""Maximum seconds for which the benchmark waits for the server."""
OPTIONS = (
    *("--keep-replays=yes", "--max-whip-per-address-minute=10000", "--away-grace=600"),
    *("--clips-per-person=10000", "--clips-per-live=10000"),
)
SIZE = (320, 240, 30, 500)
"""Width, height, frame rate and bitrate (kbps) of the live."""


@dataclass(slots=True)
class Run:
    """The results of all kills of one server."""

    database: str
    """`SQLite` or `PostgreSQL`."""
    kills: int = 0
    segments: int = 0
    """Number of segments in the index after the last kill."""
    clips: int = 0
    """Number of clips after the last kill."""
    losses: list[float] = field(default_factory=list)
    """Duration of the media that each kill removed from the recording, seconds."""
    faults: list[str] = field(default_factory=list)
    """Segments that are missing, damaged or not in the index, gaps within a session, and clips that
    are not whole.
    """
    state: str = ""
    """State of the recording after the end of the live."""

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar(f"{self.database}: media lost by a kill", max(self.losses), LOST_MOST, "s"),
            Bar(f"{self.database}: faults of the recording", len(self.faults), 0, ""),
            Bar(f"{self.database}: recording not finished", self.state != "finished", 0, ""),
        ]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"losses": Figures.of(self.losses).as_json()}


async def measure(
    data: Path,
    url: str | None,
    count: int,
    live: tuple[float, float] = LIVE,
    *,
    progress: Callable[[str], None],
) -> Run:
    """Kills a server `count` times. `data`: the server's data folder. `url`: URL of the server's
    PostgreSQL database; None for SQLite. `live`: shortest and longest time of media before a kill,
    seconds. Raises ServerFailed and TimeoutError.
    """
    run = Run("SQLite" if url is None else "PostgreSQL")
    clip = encode(*SIZE)
    options = [*OPTIONS, *([] if url is None else [f"--database={url}"])]
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        server = await stack.enter_async_context(LocalServer(data, *options))
        async with http.post(f"{server.url}/api/rooms", json={}) as response:
            response.raise_for_status()
            room = await response.json()
        name, key = room["room"], room["key"]
        created = await _created_at(http, server.url, name)
        known: list[SegmentRecord] = []
        for number in range(count):
            progress(f"{run.database}: kill {number + 1} of {count} while recording")
            async with _publishing(http, server.url, name, key, clip):
                began = time.time()
                await asyncio.sleep(random.uniform(*live))
                async with clipping(http, server.url, name, key):
                    await asyncio.sleep(random.uniform(0.0, CLIPPING))
                    await server.kill()
                killed = time.time()
            run.kills += 1
            found = await _inspect(data, url, name, run, finished=False)
            lost = [each.sequence for each in known if each not in found]
            run.faults += [f"segment {sequence} is gone after a kill" for sequence in lost]
            ends = [created + (each.media_time + each.duration) / 1e6 for each in found[-1:]]
            run.losses.append(killed - max(began, *ends))
            known = found
            await server.start()
        await _end(http, server.url, name, key)
        run.state = await _final_state(http, server.url, name)
    run.segments = len(await _inspect(data, url, name, run, finished=True))
    return run


@asynccontextmanager
async def _publishing(
    http: aiohttp.ClientSession, url: str, room: str, key: str, clip: Clip
) -> AsyncIterator[None]:
    """Publishes a prepared video until the context ends."""
    publisher = Publisher(PublishedCounts(), clip, room, key, f"{url}/whip/{room}", http)

    async def send() -> None:
        while True:
            publisher.tick(time.monotonic())
            await asyncio.sleep(TICK)

    await asyncio.wait_for(publisher.connect(), WITHIN)
    sending = asyncio.create_task(send())
    try:
        yield
    finally:
        sending.cancel()
        await asyncio.wait([sending])
        await publisher.close()


async def _created_at(http: aiohttp.ClientSession, url: str, room: str) -> float:
    """Returns the time at which media time began, Unix seconds."""
    async with http.get(f"{url}/api/rooms/{room}") as response:
        response.raise_for_status()
        return float((await response.json())["created_at"])


async def _end(http: aiohttp.ClientSession, url: str, room: str, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with http.delete(f"{url}/api/rooms/{room}", headers=headers) as response:
        response.raise_for_status()


async def _final_state(http: aiohttp.ClientSession, url: str, room: str) -> str:
    """Waits until the recording has ended. Returns its state."""
    deadline = time.monotonic() + WITHIN
    while True:
        async with http.get(f"{url}/api/rooms/{room}/replay") as response:
            state = str((await response.json())["state"])
        if state != "recording" or time.monotonic() > deadline:
            return state
        await asyncio.sleep(0.05)


async def _inspect(
    data: Path, url: str | None, room: str, run: Run, *, finished: bool
) -> list[SegmentRecord]:
    """Compares the index of the recording with the objects. Adds faults to the run. Returns the
    index. Call this function while no server runs. `finished`: whether the server has started since
    the kill. Objects that the index does not name are then faults.
    """
    storage = await Storage.open(data, url)
    try:
        segments = await storage.recordings.segments(room)
        pieces = {each.piece: each for each in await storage.recordings.pieces(room)}
        if finished:
            run.clips = await count_clips(data, storage, room, run.faults)
    finally:
        await storage.close()
    folder = data / "media"
    for segment in segments:
        if fault := _fault(folder, segment, pieces.get(segment.piece)):
            run.faults.append(f"segment {segment.sequence}: {fault}")
    named = {folder / segment_key(room, each.sequence) for each in segments}
    if finished:
        unnamed = {path for path in (folder / "lives").rglob("*") if path.is_file()} - named
        run.faults += [f"{path.name} is not in the index" for path in sorted(unnamed)]
    return segments


def _fault(folder: Path, segment: SegmentRecord, piece: PieceRecord | None) -> str:
    """Returns what is wrong with a segment; empty if the segment is whole."""
    if piece is None:
        return "its piece is missing"
    try:
        data = (folder / segment_key(segment.room, segment.sequence)).read_bytes()
        samples = read_fragment(data, read_init(piece.init), segment.epoch)
    except (OSError, BitstreamError) as error:
        return str(error)
    if len(data) != segment.size:
        return f"{len(data)} bytes instead of {segment.size}"
    if abs(samples[0].media_time - segment.media_time) > 100_000:
        return "its media begins at another time"
    return ""
