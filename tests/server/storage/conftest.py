"""Every test of storage runs with SQLite and with PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.storage.database import Database
from server.storage.storage import Storage


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    # Session scoped, so that PostgreSQL starts before a test counts its processes.
    if request.param == "postgresql":
        request.getfixturevalue("postgres")
    return str(request.param)


@pytest.fixture
def url(dialect: str, request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL of an empty database; None for SQLite in `tmp_path`."""
    if dialect == "sqlite":
        yield None
        return
    with request.getfixturevalue("postgres").database() as created:
        yield created


@pytest_asyncio.fixture
async def storage(tmp_path: Path, url: str | None) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path, url)
    yield opened
    await opened.close()


@pytest.fixture
def database(storage: Storage) -> Database:
    return storage.database
