"""The files of clips: unchanged video, audio in time, and lengths on which all programs agree."""

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator

import av
import numpy as np
import pytest
import pytest_asyncio

from relay.sample import Track
from relay.worker.workers import Workers
from server.clips import maker as module
from server.clips.cut import Cut, cut, stretch
from server.clips.maker import ClipFailed, ClipFiles, ClipMaker
from tests.fixtures import live_samples as live
from tests.fixtures.deadline import eventually
from tests.fixtures.workers import running_workers

S = 1_000_000
TRACKS = [(10 * S, live.track())]
SAMPLES = live.together(
    live.video(30), live.sound(30, tone=lambda at: at < 14.1 or 19.9 <= at < 20.1)
)


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running_workers() as workers:
        yield workers


def clip(start: float = 14, end: float = 20) -> Cut:
    return cut(SAMPLES, TRACKS, round(start * S), round(end * S))


async def test_a_clip(workers: Workers) -> None:
    """The video equals the video of the live, byte for byte. The audio begins and ends with the
    picture, and is in time with the picture at both ends.
    """
    whole = clip()
    files = await ClipMaker(workers).make(whole)
    assert (files.width, files.height, files.duration) == (64, 48, 6 * S)
    assert files.keyframes == [14 * S, 16 * S, 18 * S]
    with av.open(io.BytesIO(files.video), "r") as container:
        assert container.duration == 6 * av.time_base
        for stream in container.streams:
            assert stream.start_time == 0
            assert stream.duration is not None and stream.time_base is not None
            assert float(stream.duration * stream.time_base) == pytest.approx(6, abs=0.001)
        pictures = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    window = [s for s in SAMPLES if s.track is Track.VIDEO and 14 * S <= s.media_time < 20 * S]
    assert pictures == [sample.data for sample in window]
    wave = heard(files)
    assert len(wave) / 48_000 == pytest.approx(6, abs=0.03)
    loud = np.flatnonzero(np.abs(wave) > 0.1) / 48_000
    first, last = loud[loud < 3], loud[loud > 3]
    assert first[0] < 0.025 and first[-1] == pytest.approx(0.1, abs=0.025)
    # An Opus encoder's first packets are quiet.
    assert 5.88 < last[0] < 5.98 and last[-1] == pytest.approx(6.0, abs=0.025)
    assert len(workers.processes()) == 1 and not workers.failures, "the worker has ended"


def heard(files: ClipFiles) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    with av.open(io.BytesIO(files.video), "r") as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


async def test_a_live_without_sound(workers: Workers) -> None:
    """The file has only video, and no worker is needed."""
    silent = cut(live.video(30), TRACKS, 14 * S, 20 * S)
    files = await ClipMaker(workers).make(silent)
    with av.open(io.BytesIO(files.video), "r") as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert container.duration == 6 * av.time_base
    assert not workers.processes()


async def test_a_clip_across_an_interruption(workers: Workers) -> None:
    """Picture and sound of the second session keep their media times."""
    samples = live.together(
        live.video(6), live.sound(6, tone=lambda _: False),
        live.video(6, start=17.5, epoch=2), live.sound(6, start=17.5, epoch=2),
    )  # fmt: skip
    files = await ClipMaker(workers).make(cut(samples, TRACKS, 10 * S, 22 * S))
    with av.open(io.BytesIO(files.video), "r") as container:
        times = [float(packet.pts * packet.time_base) for packet in container.demux(video=0)
                 if packet.pts is not None]  # fmt: skip
    assert max(np.diff(times)) == pytest.approx(1.5 + 1 / 30, abs=0.001)
    loud = np.flatnonzero(np.abs(heard(files)) > 0.1) / 48_000
    assert 7.5 < loud[0] < 7.57


async def test_pictures(workers: Workers) -> None:
    """A tile for each keyframe of a stretch, with its media time."""
    whole = stretch(SAMPLES, TRACKS, 20 * S)
    pictures = await ClipMaker(workers).pictures(whole)
    assert [tile.at for tile in pictures.tiles] == [at * S for at in range(10, 40, 2)]
    assert [tile.x for tile in pictures.tiles] == [n * pictures.tile_width for n in range(15)]
    with av.open(io.BytesIO(pictures.filmstrip), "r") as container:
        strip = next(container.decode(video=0))
    assert (strip.width, strip.height) == (15 * pictures.tile_width, pictures.tile_height)


async def test_a_worker_that_dies(workers: Workers) -> None:
    """The clip of the worker fails with a reason. The next clip succeeds."""
    maker = ClipMaker(workers)
    task = asyncio.create_task(maker.make(stretch(SAMPLES, TRACKS, 20 * S)))
    await eventually(lambda: len(workers.processes()) == 2)
    os.kill(workers.processes()[1], signal.SIGKILL)
    with pytest.raises(ClipFailed):
        await task
    assert (await maker.make(clip())).video


async def test_more_clips_than_wait_are_refused(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clips that wait are made one after another."""
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    maker = ClipMaker(workers)
    made = await asyncio.gather(*(maker.make(clip()) for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in made[:4]] == [ClipFiles] * 4
    assert isinstance(made[4], ClipFailed) and made[4].busy
    assert (await maker.make(clip())).video


async def test_audio_that_takes_too_long(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clip fails, its processes end, and the next clip is made."""
    maker = ClipMaker(workers)
    monkeypatch.setattr(module, "SOUND_WITHIN", 0.001)
    with pytest.raises(ClipFailed, match="too long"):
        await maker.make(clip())
    await eventually(lambda: len(workers.processes()) <= 1)
    monkeypatch.undo()
    assert (await maker.make(clip())).video and not workers.failures
