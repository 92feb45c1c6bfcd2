"""A statement needs one change of threads. A transaction begins with its first statement."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from server.storage.sqlite_connection import SqliteConnection


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "test.sqlite3"


@pytest_asyncio.fixture
async def connection(file: Path) -> AsyncIterator[SqliteConnection]:
    opened = await SqliteConnection.open(file, writes=True)
    await execute(opened, "CREATE TABLE word (word TEXT)")
    await opened.commit()
    yield opened
    await opened.close()


async def execute(connection: SqliteConnection, statement: str, *values: Any) -> list[Any]:
    async with connection.cursor() as cursor:
        await cursor.execute(statement, values)
        return list(await cursor.fetchall())


def count(file: Path) -> int:
    """The number of rows that another connection sees."""
    with sqlite3.connect(file) as other:
        (found,) = other.execute("SELECT count(*) FROM word").fetchone()
    other.close()
    return int(found)


async def test_a_transaction_of_one_statement_changes_threads_twice(
    connection: SqliteConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: list[Any] = []
    put = SqliteConnection._execute

    async def counted(self: SqliteConnection, work: Any, *arguments: Any) -> Any:
        changes.append(work)
        return await put(self, work, *arguments)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(SqliteConnection, "_execute", counted)
    assert await execute(connection, "INSERT INTO word VALUES (?) RETURNING word", "a") == [("a",)]
    await connection.commit()
    await connection.rollback()
    assert len(changes) == 2


async def test_the_statements_until_the_commit_belong_together(
    connection: SqliteConnection, file: Path
) -> None:
    await execute(connection, "INSERT INTO word VALUES ('a')")
    await execute(connection, "INSERT INTO word VALUES ('b')")
    assert count(file) == 0
    await connection.commit()
    assert count(file) == 2
    await execute(connection, "DELETE FROM word")
    await connection.rollback()
    assert count(file) == 2


async def test_a_statement_whose_caller_has_left_is_undone(
    connection: SqliteConnection, file: Path
) -> None:
    """The caller leaves before the thread has begun the transaction."""
    statement = asyncio.create_task(execute(connection, "INSERT INTO word VALUES ('a')"))
    await asyncio.sleep(0)
    statement.cancel()
    await asyncio.wait([statement])
    await connection.rollback()
    await execute(connection, "INSERT INTO word VALUES ('b')")
    await connection.commit()
    assert count(file) == 1


async def test_the_figures_of_a_statement(connection: SqliteConnection) -> None:
    cursor = connection.cursor()
    await cursor.executemany("INSERT INTO word VALUES (?)", [("a",), ("b",)])
    assert (cursor.rowcount, cursor.description) == (2, None)
    await cursor.execute("SELECT word AS spoken FROM word")
    assert [column[0] for column in cursor.description] == ["spoken"]
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await cursor.execute("SELECT 1 FROM missing")


async def test_a_connection_that_reads_cannot_write(
    connection: SqliteConnection, file: Path
) -> None:
    reader = await SqliteConnection.open(file, writes=False)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await execute(reader, "INSERT INTO word VALUES ('a')")
    await reader.close()
