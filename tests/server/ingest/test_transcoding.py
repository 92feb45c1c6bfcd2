"""Worker processes: what goes in comes out, what fails is told, and none is left behind."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from time import monotonic

import pytest
import pytest_asyncio

from relay.media import h264
from relay.media.h264 import AccessUnit
from relay.rtc.receive.reassembly import EncodedFrame
from server.errors import NotAcceptable, Unavailable
from server.ingest import transcoding as module
from server.ingest.transcoders import Transcoders
from server.ingest.transcoding import MAX_UNDER_WAY, Transcoding
from tests.fixtures import media
from tests.fixtures.deadline import eventually


class Creator:
    """Feeds a transcoding with VP8, and keeps what comes of it."""

    def __init__(self, codec: str = "VP8") -> None:
        self.pictures: list[EncodedFrame] = []
        self.broken = 0
        self.failed: list[str] = []
        self.closed = 0
        self.transcoding = Transcoding(
            codec,
            2_500_000,
            on_picture=self.pictures.append,
            on_broken=self._broke,
            on_failed=self.failed.append,
            on_closed=self._closed,
        )

    def send(self, frame: bytes, timestamp: int, arrived: float | None = None) -> None:
        unit = AccessUnit(frame, b"", b"", not frame[0] & 1, False)
        self.transcoding.receive(
            EncodedFrame(timestamp, unit, monotonic() if arrived is None else arrived)
        )

    async def ready(self) -> None:
        await eventually(lambda: self.broken)

    async def out(self, count: int) -> None:
        await eventually(lambda: len(self.pictures) >= count)

    def _broke(self) -> None:
        self.broken += 1

    def _closed(self) -> None:
        self.closed += 1


@pytest_asyncio.fixture
async def creator() -> AsyncIterator[Creator]:
    made = Creator()
    made.transcoding.start()
    await made.ready()
    yield made
    await made.transcoding.close()
    assert made.closed == 1
    assert made.transcoding.pid is not None and not alive(made.transcoding.pid)


def alive(pid: int) -> bool:
    """Whether there is such a process, a zombie included."""
    return os.path.exists(f"/proc/{pid}")


async def test_pictures_come_back_with_their_arrival(creator: Creator) -> None:
    """Time and arrival are those of the picture that went in, whenever it came out."""
    frames = media.vp8_frames(count=6)
    for index, frame in enumerate(frames):
        creator.send(frame, 90_000 + index * 3_000, arrived=monotonic() - 1)
    arrivals = list(creator.transcoding._arrivals.values())
    await creator.out(4)
    assert [picture.timestamp for picture in creator.pictures[:4]] == [
        90_000 + index * 3_000 for index in range(4)
    ]
    assert [picture.arrived for picture in creator.pictures[:4]] == arrivals[:4]
    first = creator.pictures[0].unit
    assert first.key and h264.track_info(first.sps, first.pps).width == 320


async def test_what_comes_before_the_worker_is_ready_is_left_out() -> None:
    """And so is what comes before a key picture; readiness asks for one."""
    creator = Creator()
    key, other = media.vp8_frames(count=2)
    creator.transcoding.start()
    creator.send(key, 0)
    await creator.ready()
    creator.send(other, 3_000)
    assert (creator.transcoding.dropped, creator.broken) == (2, 2)
    creator.send(key, 6_000)
    await creator.out(1)
    assert creator.pictures[0].timestamp == 6_000
    await creator.transcoding.close()
    await creator.transcoding.close()
    assert (creator.failed, creator.closed) == ([], 1)


async def test_a_worker_that_is_behind_shows_fewer_pictures_then_waits_for_a_key_one(
    creator: Creator,
) -> None:
    """Bounded whatever comes: some are decoded only, then all left out until a key picture finds it
    free again.
    """
    assert creator.transcoding.pid
    key, *others = media.vp8_frames(count=40)
    os.kill(creator.transcoding.pid, signal.SIGSTOP)
    for index, frame in enumerate([key, *others]):
        creator.send(frame, index * 3_000)
    assert creator.transcoding.dropped == 40 - MAX_UNDER_WAY
    os.kill(creator.transcoding.pid, signal.SIGCONT)
    await eventually(lambda: not creator.transcoding._under_way)
    assert [picture.timestamp // 3_000 for picture in creator.pictures] == [0, 1, 2, 3]
    before = creator.broken
    creator.send(others[0], 200_000)
    assert creator.broken == before + 1, "it asks for the key picture that it waits for"
    creator.send(key, 203_000)
    await creator.out(5)
    assert creator.pictures[-1].unit.key


async def test_an_idr_for_viewers_comes_at_most_every_300_ms(creator: Creator) -> None:
    """The wish is not forgotten: it is granted as soon as it may be."""
    key, *others = media.vp8_frames(count=16)
    now = monotonic()
    creator.send(key, 0, now)
    await creator.out(1)
    for index, frame in enumerate(others, 1):
        if index < 8:
            creator.transcoding.request_keyframe()
        creator.send(
            frame, index * 3_000, now + index * 0.034
        )  # the ninth is the first one after 300 ms
        await creator.out(index + 1)
    assert [index for index, picture in enumerate(creator.pictures) if picture.unit.key] == [0, 9]


async def test_a_picture_that_cannot_be_decoded_asks_for_a_key_one(creator: Creator) -> None:
    before = creator.broken
    creator.send(b"\x10\x02\x00" + bytes(50), 0)
    await eventually(lambda: creator.broken > before)
    creator.send(media.vp8_frames(count=1)[0], 3_000)
    await creator.out(1)
    assert creator.failed == []


async def test_a_worker_that_dies_is_told_once(creator: Creator) -> None:
    assert creator.transcoding.pid
    creator.send(media.vp8_frames(count=1)[0], 0)
    os.kill(creator.transcoding.pid, signal.SIGKILL)
    await eventually(lambda: creator.failed)
    creator.send(media.vp8_frames(count=1)[0], 3_000)
    assert creator.failed == ["the transcoder ended"]
    assert not alive(creator.transcoding.pid), "it is reaped at once"


async def test_a_worker_that_hangs_is_ended(creator: Creator) -> None:
    assert creator.transcoding.pid
    os.kill(creator.transcoding.pid, signal.SIGSTOP)
    now = monotonic()
    creator.send(media.vp8_frames(count=1)[0], 0, now)
    creator.transcoding.check(now + module.STUCK - 0.1)
    assert creator.failed == [] and alive(creator.transcoding.pid)
    creator.transcoding.check(now + module.STUCK + 0.1)
    await eventually(lambda: creator.failed)


async def test_a_worker_that_cannot_be_started() -> None:
    creator = Creator()
    creator.transcoding._command[0] = "/nowhere/python"
    creator.transcoding.start()
    await eventually(lambda: creator.failed)
    assert "could be started" in creator.failed[0]
    await creator.transcoding.close()


async def test_closed_while_it_starts_it_leaves_no_process() -> None:
    """At any moment of the start."""
    for turns in range(6):
        creator = Creator()
        creator.transcoding.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        await creator.transcoding.close()
        assert creator.closed == 1 and creator.failed == []
        assert creator.transcoding.pid is None or not alive(creator.transcoding.pid)


async def test_places() -> None:
    """A room that holds one may have another for the session that takes over; other rooms are
    refused with what to do, until one is free again.
    """
    transcoders = Transcoders(1, 1_000_000)
    callbacks = {
        "on_picture": lambda _: None,
        "on_broken": lambda: None,
        "on_failed": lambda _: None,
    }
    first = transcoders.open("a", "VP8", **callbacks)  # type: ignore[arg-type]
    second = transcoders.open("a", "VP8", **callbacks)  # type: ignore[arg-type]
    for closing in (first, second):
        with pytest.raises(Unavailable) as caught:
            transcoders.open("b", "VP8", **callbacks)  # type: ignore[arg-type]
        assert "H.264" in caught.value.text and caught.value.headers["Retry-After"] == "10"
        await closing.close()
    assert transcoders.rooms == 0
    await transcoders.open("b", "VP8", **callbacks).close()  # type: ignore[arg-type]
    with pytest.raises(NotAcceptable):
        Transcoders(0, 1_000_000).open("a", "VP8", **callbacks)  # type: ignore[arg-type]
