"""A picture process is confined, and its failure stays with its clip."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.errors import BitstreamError
from relay.worker.workers import WorkerFailed, Workers
from server.clips import picture_process as module
from server.clips.picture_messages import MAX_KEYFRAMES
from server.clips.picture_process import draw_pictures
from tests.fixtures import live_samples as live
from tests.fixtures.deadline import eventually
from tests.fixtures.workers import running_workers


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running_workers() as workers:
        yield workers


CONFIG = live.track(720, 1280).config
KEYFRAMES = [live.video(1, width=720, height=1280)[0].data] * (MAX_KEYFRAMES + 5)


async def test_pictures_of_large_keyframes(workers: Workers) -> None:
    """The memory of the process suffices for a whole filmstrip. The process then ends."""
    pictures = await draw_pictures(workers, CONFIG, KEYFRAMES)
    assert len(pictures.poster_jpeg) > 1_000 and len(pictures.poster_webp) > 100
    assert pictures.tile_width == 90 and len(pictures.filmstrip) > 1_000
    await eventually(lambda: len(workers.processes()) == 1)
    assert not workers.failures


async def test_nothing_to_decode(workers: Workers) -> None:
    with pytest.raises(WorkerFailed, match="no keyframe"):
        await draw_pictures(workers, CONFIG, [os.urandom(5_000)])
    assert not workers.failures


async def test_a_process_that_dies_costs_no_other(workers: Workers) -> None:
    task = asyncio.create_task(draw_pictures(workers, CONFIG, KEYFRAMES))
    await eventually(lambda: len(workers.processes()) == 2)
    os.kill(workers.processes()[1], signal.SIGKILL)
    with pytest.raises(WorkerFailed):
        await task
    await eventually(lambda: workers.failures["pictures"] == 1)
    assert (await draw_pictures(workers, CONFIG, KEYFRAMES[:1])).poster_jpeg


async def test_a_process_that_hangs_or_answers_nonsense(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server kills the process in time."""
    monkeypatch.setattr(module, "TIMEOUT", 0.01)
    with pytest.raises(WorkerFailed, match="no answer"):
        await draw_pictures(workers, CONFIG, KEYFRAMES)
    monkeypatch.undo()

    def nonsense(_: bytes) -> tuple[int, int, int]:
        raise BitstreamError("nonsense")

    monkeypatch.setattr(module, "sizes", nonsense)
    with pytest.raises(WorkerFailed, match="nonsense"):
        await draw_pictures(workers, CONFIG, KEYFRAMES[:1])
    await eventually(lambda: len(workers.processes()) == 1)
    assert workers.failures["pictures"] == 2
