"""The tags that trend, while the database fails."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.discovery import trends as module
from server.discovery.trends import Trends
from server.storage.errors import StorageUnavailable
from server.storage.storage import Storage
from tests.server.storage.discovered import add_clip


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


async def test_requests_wait_for_one_try_while_the_database_fails(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    trends = Trends(storage.tags)
    await add_clip(storage, "clip1", "#funny cat")
    found = await trends.find()
    assert [one.record.tag for one in found] == ["funny"]
    tries = 0

    async def fail(*_: object) -> object:
        nonlocal tries
        tries += 1
        raise StorageUnavailable("away")

    with monkeypatch.context() as away:
        away.setattr(storage.tags, "counts", fail)
        away.setattr(module, "KEPT", 0.0)
        away.setattr(module, "STALE", 0.0)
        assert await trends.find() == found
        away.setattr(module, "KEPT", 1_000.0)
        away.setattr(module, "STALE", 1_000.0)
        for _ in range(3):
            assert await trends.find() == found
        assert tries == 1
        with pytest.raises(StorageUnavailable):
            await Trends(storage.tags).find()
    await add_clip(storage, "clip2", "#sad cat")
    monkeypatch.setattr(module, "KEPT", 0.0)
    assert await trends.find() == found, "this request does not wait"
    assert trends._renewing
    await trends._renewing
    assert {one.record.tag for one in await trends.find()} == {"funny", "sad"}
    await trends.close()
