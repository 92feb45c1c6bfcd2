"""A database, an object store, and the content of both."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from server.objects.objects import Objects
from server.settings import Settings
from server.storage.storage import Storage


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def objects(tmp_path: Path) -> AsyncIterator[Objects]:
    opened = await Objects.open(Settings(data=tmp_path))
    yield opened
    await opened.close()
