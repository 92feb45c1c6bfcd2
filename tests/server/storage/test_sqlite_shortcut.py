"""Statements in one change of threads, and what happens when they fail."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from server.storage import sqlite_connection
from server.storage.database import DATABASE_NAME, Database
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.people import PersonStore
from server.storage.schema.moderation import word as table
from server.storage.sqlite_connection import SqliteConnection
from tests.fixtures.deadline import eventually
from tests.server.storage.test_group_commit import row, stored

WORDS = sa.select(table.c.word, sa.literal("x")).where(table.c.word == sa.bindparam("word"))


@pytest_asyncio.fixture
async def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    monkeypatch.setattr(sqlite_connection, "LOCKED_WITHIN", 0.05)
    opened = await Database.open_sqlite(tmp_path)
    yield opened
    await opened.close()


async def test_nothing_stays_open_after_a_failed_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fourth connection fails: after two of SQLAlchemy, the second one of the shortcut."""
    opened = SqliteConnection.open
    connections: list[SqliteConnection] = []

    async def fail(file: Path, *, writes: bool, shared: bool) -> SqliteConnection:
        if len(connections) == 3:
            raise sqlite3.OperationalError("disk I/O error")
        connections.append(await opened(file, writes=writes, shared=shared))
        return connections[-1]

    threads = set(threading.enumerate())
    monkeypatch.setattr(SqliteConnection, "open", fail)
    with pytest.raises(StorageError, match="disk I/O error"):
        await Database.open_sqlite(tmp_path)
    assert len(connections) == 3
    await eventually(lambda: set(threading.enumerate()) <= threads)


async def test_rows_that_wait_change_threads_once(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: list[Any] = []
    call = SqliteConnection.call

    async def counted(self: SqliteConnection, work: Any, *arguments: Any) -> Any:
        changes.append(work)
        return await call(self, work, *arguments)

    monkeypatch.setattr(SqliteConnection, "call", counted)
    assert await asyncio.gather(*(sqlite.add(row(n)) for n in range(20))) == [True] * 20
    assert len(changes) == 1
    assert list(await sqlite.select(WORDS, {"word": "7"})) == [("7", "x")]
    assert len(changes) == 2
    people = PersonStore(sqlite)
    await asyncio.gather(*(people.add(f"p-{n}", "Guest", 0, f"d-{n}", "", 1.0) for n in range(20)))
    assert len(changes) == 3
    assert await people.admit("p-7", "d-7")


async def test_a_statement_is_read_from_both_databases(database: Database) -> None:
    await database.add(row(7))
    assert list(await database.select(WORDS, {"word": "7"})) == [("7", "x")]
    assert list(await database.select(WORDS, {"word": "8"})) == []
    missing: sa.Select[Any] = sa.select(sa.column("missing")).select_from(table)
    with pytest.raises(StorageError):
        await database.select(missing, {})
    assert list(await database.select(WORDS, {"word": "7"})) == [("7", "x")]


async def test_a_locked_file(sqlite: Database, tmp_path: Path) -> None:
    """Rows are refused while another program has locked the file, and stored afterwards."""
    other = sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        await sqlite.add(row(1))
    other.execute("ROLLBACK")
    other.close()
    assert await sqlite.add(row(2))
    assert await stored(sqlite) == {2}


async def test_a_disk_that_hangs(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements whose callers no longer wait are counted until the thread has begun them."""
    monkeypatch.setattr("server.storage.database.TURN_WITHIN", 0.02)
    monkeypatch.setattr("server.storage.database.MAX_WAITING_READS", 10)
    shortcut, goes_on = sqlite._shortcut, threading.Event()
    assert shortcut is not None
    hanging = asyncio.create_task(shortcut._reader.call(lambda _: goes_on.wait()))
    try:
        for _ in range(3):
            reads = [sqlite.select(WORDS, {"word": "7"}) for _ in range(8)]
            results = await asyncio.gather(*reads, return_exceptions=True)
            assert {type(result) for result in results} == {StorageUnavailable}
        assert shortcut.waiting == 10
    finally:
        goes_on.set()
    await hanging
    await eventually(lambda: shortcut.waiting == 0)
    assert list(await sqlite.select(WORDS, {"word": "7"})) == []


async def test_a_full_disk(sqlite: Database) -> None:
    """Rows are refused while the file cannot grow, and stored afterwards."""
    shortcut = sqlite._shortcut
    assert shortcut is not None
    writers = [shortcut._writer]
    async with sqlite._writer.connect() as connection:
        writers.append((await connection.get_raw_connection()).driver_connection)  # type: ignore[arg-type]
    pages = [await writer.call(_limit, 1) for writer in writers]
    results = await asyncio.gather(
        *(sqlite.add(row(10**2000 + n)) for n in range(100)), return_exceptions=True
    )
    assert {type(result) for result in results} == {StorageUnavailable}
    for writer, most in zip(writers, pages, strict=True):
        await writer.call(_limit, most + 1_000)
    assert await sqlite.add(row(1))
    assert await stored(sqlite) == {1}


def _limit(connection: sqlite3.Connection, pages: int) -> int:
    """Limits the file to a number of pages, or to its present size if that is more. Returns the
    limit.
    """
    (most,) = connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    return int(most)
