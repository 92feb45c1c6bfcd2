"""The posters of stored replays."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from server.objects.objects import Objects
from server.posters.replay_posters import ReplayPosters
from server.settings import Settings
from server.storage.storage import Storage
from tests.fixtures.recorded import ROOM, recorded, store
from tests.fixtures.workers import running_workers


@dataclass
class Stored:
    storage: Storage
    objects: Objects
    posters: ReplayPosters


@pytest_asyncio.fixture
async def stored(tmp_path: Path) -> AsyncIterator[Stored]:
    storage = await Storage.open(tmp_path)
    objects = await Objects.open(Settings(data=tmp_path))
    async with running_workers() as workers:
        yield Stored(storage, objects, ReplayPosters(storage.recordings, objects, workers))
    await objects.close()
    await storage.close()


async def test_a_replay_that_was_deleted_during_its_live_has_no_poster(stored: Stored) -> None:
    """The row of a stopped recording remains until the end of the live."""
    await store(stored.storage, stored.objects, recorded(2))
    assert await stored.posters.find(ROOM.room) is not None
    await stored.storage.recordings.erase(ROOM.room)
    assert await stored.posters.find(ROOM.room) is None


async def test_the_memory_for_posters_is_bounded(stored: Stored) -> None:
    for room in ("a", "b"):
        await store(stored.storage, stored.objects, recorded(1), room=room)
    first = await stored.posters.find("a")
    assert first is not None and await stored.posters.find("a") is first
    stored.posters._shelf._most_bytes = first.size + first.size // 2
    assert await stored.posters.find("b") is not None
    again = await stored.posters.find("a")
    assert again is not None and again is not first
    assert stored.posters._shelf.bytes <= stored.posters._shelf._most_bytes
