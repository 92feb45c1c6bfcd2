"""The storage of rooms."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from server.storage.storage import Storage


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()
