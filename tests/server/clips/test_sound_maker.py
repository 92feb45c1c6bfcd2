"""Encoded audio is shared among clips, divided among processes, and bounded."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.worker.workers import Worker, WorkerFailed, Workers
from server.clips import sound_maker as module
from server.clips.cut import Cut
from server.clips.sound import Block, plan_sound
from server.clips.sound_maker import SoundMaker
from tests.fixtures import live_samples as live
from tests.fixtures.deadline import eventually
from tests.fixtures.media import sound_sample
from tests.fixtures.workers import running_workers


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running_workers() as workers:
        yield workers


def blocks(start: float, seconds: float) -> list[Block]:
    video = live.video(seconds, start=start)
    audio = [
        sound_sample(n * 960, data=bytes((0xF8, 0xFF, 0xFE, n >> 8, n & 255))) for n in range(3_000)
    ]
    plan = plan_sound(Cut(live.track(), video, audio, video[0].pts + round(seconds * 90_000)))
    assert plan
    return list(plan.blocks)


async def test_blocks_that_are_known_are_not_encoded_again(workers: Workers) -> None:
    """Only the blocks at the ends of the second clip are new. Without new blocks, no process is
    started.
    """
    maker = SoundMaker(workers)
    first = await maker.encode(blocks(20, 14))
    assert len(first) == len(blocks(20, 14)) * 15
    earlier = {block.key for block in blocks(20, 14)}
    again = await maker.encode(blocks(18, 14))
    places = [n for n, block in enumerate(blocks(18, 14)) if block.key in earlier]
    assert again[places[0] * 15 : (places[-1] + 1) * 15] == first[: len(places) * 15]
    assert len(workers.processes()) == 1
    await workers.close()
    assert await maker.encode(blocks(20, 14)) == first


async def test_long_audio_is_divided_among_processes(workers: Workers) -> None:
    task = asyncio.create_task(SoundMaker(workers, 2).encode(blocks(20, 30)))
    await eventually(lambda: len(workers.processes()) == 3)
    assert len(await task) == len(blocks(20, 30)) * 15
    await eventually(lambda: len(workers.processes()) == 1)


async def test_a_process_that_dies(workers: Workers) -> None:
    """The encoding fails, no process is left, and no block of the audio is kept."""
    maker = SoundMaker(workers, 2)
    task = asyncio.create_task(maker.encode(blocks(20, 30)))
    await eventually(lambda: len(workers.processes()) == 3)
    os.kill(workers.processes()[1], signal.SIGKILL)
    with pytest.raises(WorkerFailed):
        await task
    await eventually(lambda: len(workers.processes()) == 1)
    assert len(await maker.encode(blocks(20, 5))) == len(blocks(20, 5)) * 15


async def test_clips_at_the_same_time_share_blocks(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second clip waits for the blocks of the first one."""
    started: list[str] = []
    start = workers.start

    async def counted(kind: str, *arguments: str) -> Worker:
        started.append(kind)
        return await start(kind, *arguments)

    monkeypatch.setattr(workers, "start", counted)
    monkeypatch.setattr(module, "SHARE_WITHIN", 20.0)
    maker = SoundMaker(workers, 1)
    wanted = blocks(20, 14)
    first, second = await asyncio.gather(maker.encode(wanted), maker.encode(wanted))
    assert first == second and started == ["clips"]
    assert not maker._running


async def test_a_clip_encodes_what_another_clip_could_not(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARE_WITHIN", 20.0)
    maker = SoundMaker(workers, 1)
    wanted = blocks(20, 30)
    first = asyncio.create_task(maker.encode(wanted))
    second = asyncio.create_task(maker.encode(wanted))
    await eventually(lambda: len(workers.processes()) == 2)
    os.kill(workers.processes()[1], signal.SIGKILL)
    with pytest.raises(WorkerFailed):
        await first
    assert len(await second) == len(wanted) * 15


async def test_a_clip_does_not_wait_long_for_another(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARE_WITHIN", 0.01)
    maker = SoundMaker(workers, 1)
    wanted = blocks(20, 5)
    hangs = asyncio.get_running_loop().create_future()
    maker._running = dict.fromkeys([block.key for block in wanted], hangs)
    assert len(await maker.encode(wanted)) == len(wanted) * 15


async def test_what_is_kept_is_bounded(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest blocks are forgotten first."""
    monkeypatch.setattr(module, "MAX_KEPT", 60_000)
    maker = SoundMaker(workers)
    for start in (10, 20, 30):
        await maker.encode(blocks(start, 6))
        assert maker.size <= 60_000
    newest = blocks(30, 6)[-1].key
    assert list(maker._kept)[-1] == newest and blocks(10, 6)[0].key not in maker._kept
