"""The posters of stored replays."""

from pathlib import Path

from server.objects.objects import Objects
from server.posters.replay_posters import ReplayPosters
from server.settings import Settings
from server.storage.storage import Storage
from tests.fixtures.recorded import ROOM, recorded, store
from tests.fixtures.workers import running_workers


async def test_a_replay_that_was_deleted_during_its_live_has_no_poster(tmp_path: Path) -> None:
    """The row of a stopped recording remains until the end of the live."""
    storage = await Storage.open(tmp_path)
    objects = await Objects.open(Settings(data=tmp_path))
    async with running_workers() as workers:
        await store(storage, objects, recorded(2))
        posters = ReplayPosters(storage.recordings, objects, workers)
        assert await posters.find(ROOM.room) is not None
        await storage.recordings.erase(ROOM.room)
        assert await posters.find(ROOM.room) is None
    await objects.close()
    await storage.close()
