"""The files of finished clips."""

import asyncio
from pathlib import Path

import pytest

from server.clips import maker as module
from server.clips.cut import cut
from server.clips.final import FinalFiles
from server.clips.maker import ClipFailed, ClipMaker
from server.objects.objects import Objects
from server.objects.stores import LocalFiles
from tests.fixtures import live_samples as live
from tests.fixtures.workers import running_workers
from tests.server.storage.test_clips import record

S = 1_000_000


async def test_a_video_that_fails_ends_its_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SOUND_WITHIN", 0.001)
    samples = live.together(live.video(10), live.sound(10))
    clip = cut(samples, [(10 * S, live.track())], 10 * S, 18 * S)
    objects = Objects(LocalFiles(tmp_path))
    async with running_workers() as workers:
        with pytest.raises(ClipFailed):
            await FinalFiles(objects, ClipMaker(workers)).store(record(), clip)
        assert not any("_draw" in repr(task.get_coro()) for task in asyncio.all_tasks())
    await objects.close()
