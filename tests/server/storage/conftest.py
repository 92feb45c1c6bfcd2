"""Every test of storage runs with SQLite and with PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from server.storage.database import DATABASE_NAME, Database
from server.storage.schema import metadata
from server.storage.storage import Storage
from tests.server.storage.moderated import MINJI, ROOM, SAM, someone, write


@dataclass(frozen=True, slots=True)
class Migrated:
    """An empty database with the newest schema. The migrations take longer than most tests."""

    file: Path
    """A file of SQLite, to be copied."""
    url: str | None
    """A PostgreSQL database; None for SQLite."""

    def empty(self) -> None:
        if self.url is not None:
            statements = [f'DELETE FROM "{table.name}"' for table in metadata.sorted_tables]
            with psycopg.connect(self.url) as connection:
                connection.execute("; ".join(statements).encode())


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def migrated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Migrated]:
    # Session scoped, so that PostgreSQL starts before a test counts its processes.
    folder = tmp_path_factory.mktemp("migrated")
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            url = stack.enter_context(request.getfixturevalue("postgres").database())

        async def migrate() -> None:
            await (await Storage.open(folder, url)).close()

        asyncio.run(migrate())
        yield Migrated(folder / DATABASE_NAME, url)


@pytest.fixture
def url(migrated: Migrated, tmp_path: Path) -> Iterator[str | None]:
    """The URL of an empty database; None for SQLite in `tmp_path`."""
    if migrated.url is None:
        shutil.copy(migrated.file, tmp_path)
    yield migrated.url
    migrated.empty()


@pytest_asyncio.fixture
async def storage(tmp_path: Path, url: str | None) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path, url)
    yield opened
    await opened.close()


@pytest.fixture
def database(storage: Storage) -> Database:
    return storage.database


@pytest_asyncio.fixture
async def moderated_room(storage: Storage) -> None:
    """Stores the room and the people of `moderated.py`."""
    await storage.rooms.add(ROOM)
    await write(storage, someone(MINJI), someone(SAM))
