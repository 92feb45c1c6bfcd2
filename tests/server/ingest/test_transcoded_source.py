"""Worker processes: frames go in and come out, failures are reported, and no process is left."""

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
from relay.worker.workers import HUNG, Workers
from server.ingest import transcoded_source
from server.ingest.frame_source import DISCARD
from server.ingest.transcoded_source import TranscodedSource
from server.ingest.transcoder_messages import Kind
from server.ingest.transcoding import MAX_CRASHES, SLOW, STUCK, State
from tests.fixtures import media
from tests.fixtures.deadline import eventually
from tests.fixtures.workers import running_workers


class Publisher:
    """Feeds a source with VP8 and keeps its results (FrameOutput)."""

    def __init__(self, workers: Workers, codec: str = "VP8") -> None:
        self.frames: list[EncodedFrame] = []
        self.keyframe_requests = 0
        self.failed: list[str] = []
        self.closed = 0
        self.source = TranscodedSource(workers, codec, 2_500_000, self._closed)
        self.source.deliver_to(self)

    def send(self, frame: bytes, timestamp: int, arrived: float | None = None) -> None:
        unit = AccessUnit(frame, b"", b"", not frame[0] & 1, False)
        self.source.receive(
            EncodedFrame(timestamp, unit, monotonic() if arrived is None else arrived)
        )

    async def ready(self) -> None:
        await eventually(lambda: self.keyframe_requests)

    async def out(self, count: int) -> None:
        await eventually(lambda: len(self.frames) >= count)

    def publish_frame(self, frame: EncodedFrame) -> None:
        self.frames.append(frame)

    def request_keyframe(self) -> None:
        self.keyframe_requests += 1

    def transcode(self, frame: EncodedFrame, shown: list[EncodedFrame]) -> None:
        raise AssertionError("it is transcoded already")

    def receive_recovery_point(self, frame: EncodedFrame) -> None:
        raise AssertionError("it is transcoded already")

    def source_failed(self, reason: str) -> None:
        self.failed.append(reason)

    def _closed(self) -> None:
        self.closed += 1


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running_workers() as workers:
        yield workers


@pytest_asyncio.fixture
async def publisher(workers: Workers) -> AsyncIterator[Publisher]:
    made = Publisher(workers)
    made.source.start()
    await made.ready()
    yield made
    await made.source.close()
    assert made.closed == 1
    assert made.source.pid is not None and not alive(made.source.pid)


def alive(pid: int) -> bool:
    """Whether there is such a process, a zombie included."""
    return os.path.exists(f"/proc/{pid}")


async def test_frames_come_back_with_their_arrival(publisher: Publisher) -> None:
    """Timestamp and arrival are those of the frame that went in, however late it comes out."""
    frames = media.vp8_frames(count=6)
    arrivals = [monotonic() - 1 + index for index in range(6)]
    for index, frame in enumerate(frames):
        publisher.send(frame, 90_000 + index * 3_000, arrived=arrivals[index])
    await publisher.out(4)
    assert [frame.timestamp for frame in publisher.frames[:4]] == [
        90_000 + index * 3_000 for index in range(4)
    ]
    assert [frame.arrived for frame in publisher.frames[:4]] == arrivals[:4]
    first = publisher.frames[0].unit
    assert first.key and h264.track_info(first.sps, first.pps).width == 320


async def test_odd_sizes_become_even(publisher: Publisher) -> None:
    """The conversion starts no thread, which a confined process may not do."""
    for index, frame in enumerate(media.vp8_frames(641, 361, 3)):
        publisher.send(frame, index * 3_000)
    await publisher.out(3)
    first = publisher.frames[0].unit
    info = h264.track_info(first.sps, first.pps)
    assert (info.width, info.height) == (640, 360) and not publisher.failed


async def test_frames_before_the_worker_is_ready_are_dropped(workers: Workers) -> None:
    """Frames before a keyframe are dropped too, and a ready worker requests one."""
    publisher = Publisher(workers)
    key, other = media.vp8_frames(count=2)
    publisher.source.start()
    publisher.send(key, 0)
    await publisher.ready()
    publisher.send(other, 3_000)
    assert (publisher.source.dropped, publisher.keyframe_requests) == (2, 2)
    publisher.send(key, 6_000)
    await publisher.out(1)
    assert publisher.frames[0].timestamp == 6_000
    await publisher.source.close()
    await publisher.source.close()
    assert (publisher.failed, publisher.closed) == ([], 1)


async def test_a_slow_worker_skips_frames_then_waits_for_a_keyframe(publisher: Publisher) -> None:
    """Its queue is bounded: some frames are only decoded, then all are dropped until a keyframe
    comes while there is room again.
    """
    assert publisher.source.pid
    key, *others = media.vp8_frames(count=40)
    os.kill(publisher.source.pid, signal.SIGSTOP)
    now = monotonic()
    for index, frame in enumerate([key, *others]):
        publisher.send(frame, index * 3_000, now + index / 30)
    assert publisher.source.dropped == 40 - SLOW
    os.kill(publisher.source.pid, signal.SIGCONT)
    await eventually(lambda: not publisher.source._transcoding._in_flight)
    assert [frame.timestamp // 3_000 for frame in publisher.frames] == [0, 1, 2, 3]
    before = publisher.keyframe_requests
    publisher.send(others[0], 200_000)
    assert publisher.keyframe_requests == before + 1
    publisher.send(key, 203_000)
    await publisher.out(5)
    assert publisher.frames[-1].unit.key


async def test_a_requested_keyframe_comes_out(publisher: Publisher) -> None:
    key, *others = media.vp8_frames(count=6)
    now = monotonic()
    publisher.send(key, 0, now)
    for index, frame in enumerate(others, 1):
        if index == 3:
            publisher.source.request_keyframe()
        publisher.send(frame, index * 3_000, now + index * 0.2)
        await publisher.out(index + 1)
    assert [index for index, frame in enumerate(publisher.frames) if frame.unit.key] == [0, 3]


async def test_a_frame_that_cannot_be_decoded_requests_a_keyframe(publisher: Publisher) -> None:
    key, other = media.vp8_frames(count=2)
    publisher.send(key, 0)
    await publisher.out(1)
    before = publisher.keyframe_requests
    publisher.send(b"\x10\x02\x00" + bytes(50), 3_000)
    await eventually(lambda: publisher.keyframe_requests > before)
    publisher.send(other, 6_000)
    publisher.send(key, 9_000)
    await publisher.out(2)
    assert [frame.timestamp for frame in publisher.frames] == [0, 9_000]
    assert publisher.failed == []


async def crash(publisher: Publisher) -> None:
    """Kills the worker, and waits until another one is ready or the source has failed."""
    requests, pid = publisher.keyframe_requests, publisher.source.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    await eventually(
        lambda: (
            publisher.failed
            or (publisher.keyframe_requests > requests and publisher.source.pid != pid)
        )
    )


async def test_a_worker_that_dies_is_replaced(workers: Workers, publisher: Publisher) -> None:
    """The video continues at the next keyframe."""
    key, other = media.vp8_frames(count=2)
    publisher.send(key, 0)
    await publisher.out(1)
    former, began = publisher.source.pid, monotonic()
    assert former
    await crash(publisher)
    publisher.send(other, 3_000)
    publisher.send(key, 6_000)
    await publisher.out(2)
    assert monotonic() - began < HUNG / 2, "usually a tenth of a second"
    assert [frame.timestamp for frame in publisher.frames] == [0, 6_000]
    assert publisher.failed == [] and not alive(former), "it is reaped at once"
    assert workers.failures == {"video": 1}


async def test_a_worker_that_dies_again_and_again_is_reported_once(publisher: Publisher) -> None:
    for _ in range(MAX_CRASHES):
        await crash(publisher)
        assert publisher.failed == []
    await crash(publisher)
    publisher.send(media.vp8_frames(count=1)[0], 3_000)
    assert publisher.failed == ["the transcoder ended"]


async def test_a_source_that_failed_before_there_is_an_output(workers: Workers) -> None:
    """The output that comes later learns it."""
    publisher = Publisher(workers)
    publisher.source.deliver_to(DISCARD)
    workers._command[0] = "/nowhere/python"
    publisher.source.start()
    assert publisher.source._task
    await publisher.source._task
    publisher.source.deliver_to(publisher)
    assert len(publisher.failed) == 1 and "can be started" in publisher.failed[0]
    await publisher.source.close()


async def test_a_worker_that_hangs_is_killed(publisher: Publisher) -> None:
    assert publisher.source.pid
    os.kill(publisher.source.pid, signal.SIGSTOP)
    now = monotonic()
    publisher.send(media.vp8_frames(count=1)[0], 0, now)
    publisher.source.check(now + STUCK - 0.1)
    assert publisher.failed == [] and alive(publisher.source.pid)
    stuck = publisher.source.pid
    publisher.source.check(now + STUCK + 0.1)
    await eventually(lambda: publisher.source._transcoding.state is State.WAITING)
    assert publisher.source.pid != stuck and publisher.failed == []


async def test_a_worker_that_answers_without_reading_is_killed(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise its requests would fill the memory of the server."""
    monkeypatch.setattr(transcoded_source, "MAX_UNREAD", 1 << 20)
    stopped, worker, now = publisher.source.pid, publisher.source._worker, monotonic()
    assert stopped and worker
    os.kill(stopped, signal.SIGSTOP)
    key = media.vp8_frames(count=1)[0] + bytes(50_000)
    for number in range(100):
        publisher.send(key, number * 3_000, now)
        for _ in range(2):
            publisher.source._transcoding.receive_answer(Kind.DONE, 0, b"", now)
    assert worker.writer.transport.get_write_buffer_size() > 1 << 20
    publisher.source.check(now)
    await eventually(lambda: publisher.source.pid != stopped)
    await eventually(lambda: publisher.source._transcoding.state is State.WAITING)
    assert publisher.failed == []


async def test_an_answer_that_is_too_long_ends_the_worker(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Skipping it would lose the boundaries of all later answers."""
    monkeypatch.setattr(transcoded_source, "MAX_ANSWER", 10)
    publisher.send(media.vp8_frames(count=1)[0], 0)
    await eventually(lambda: publisher.failed)
    assert publisher.frames == [] and "bytes" in publisher.failed[0]


async def test_closed_while_it_starts_it_leaves_no_process(workers: Workers) -> None:
    """The source is closed at each moment of the start."""
    for turns in range(10):
        publisher = Publisher(workers)
        publisher.source.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        await publisher.source.close()
        assert publisher.closed == 1 and publisher.failed == []
        assert publisher.source.pid is None or not alive(publisher.source.pid)
