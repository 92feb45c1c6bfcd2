"""Executes the SQLite statements that every chat message needs, each with one change of threads.

A transaction of SQLAlchemy with one statement changes threads twice and creates some fifty objects.
Such a transaction costs several times more than the statement itself, and more than all other work
for a message.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from server.storage.row import Row
from server.storage.sqlite_connection import SqliteConnection

MAX_STATEMENTS = 64
"""Number of statements whose SQL is kept."""


class SqliteShortcut:
    """Executes the statements on two connections of its own, a writer and a reader. `open()`
    creates the object; call `close()` at the end. The methods raise sqlite3.Error.
    """

    def __init__(self, writer: SqliteConnection, reader: SqliteConnection) -> None:
        self._writer = writer
        self._reader = reader

    @classmethod
    async def open(cls, file: Path, *, shared: bool = False) -> Self:
        async with AsyncExitStack() as stack:
            writer = await SqliteConnection.open(file, writes=True, shared=shared)
            stack.push_async_callback(writer.close)
            reader = await SqliteConnection.open(file, writes=False, shared=shared)
            stack.pop_all()
        return cls(writer, reader)

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()

    @property
    def waiting(self) -> int:
        """The number of `select` calls whose statement has not begun, including calls that were
        cancelled.
        """
        return self._reader.waiting

    async def insert(self, rows: Sequence[Row]) -> list[bool]:
        """Stores rows in one transaction. Returns after the commit. The result says for each row
        whether the row was added. Stores nothing if one row fails.
        """
        return await self._writer.call(_insert, [_statement(row) for row in rows])

    async def select(
        self, statement: sa.Select[Any], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        """Returns the rows of a statement."""
        text = _text(statement)
        return await self._reader.call(_select, text.sql, text.bind(values))


class _Text(NamedTuple):
    """The SQL of a statement."""

    sql: str
    names: Sequence[str]
    """The names of the values, in the order of their placeholders."""
    constants: Mapping[str, Any]
    """The values that are part of the statement."""

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        return [values[name] if name in values else self.constants[name] for name in self.names]


class _Statement(NamedTuple):
    sql: str
    values: Sequence[Any]
    then: "_Statement | None"
    """A second statement, which is executed if the first statement has added a row."""


def _statement(row: Row) -> _Statement:
    text = _text(row.statement("sqlite"))
    then = None if row.then is None else _statement(row.then)
    return _Statement(text.sql, text.bind(row.values), then)


@lru_cache(MAX_STATEMENTS)
def _text(statement: sa.Select[Any] | sa.Insert) -> _Text:
    compiled = statement.compile(dialect=sqlite.dialect())
    return _Text(str(compiled), compiled.positiontup or (), compiled.params)


# In the thread of the connection


def _insert(connection: sqlite3.Connection, statements: Sequence[_Statement]) -> list[bool]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        added = [_execute(connection, statement) for statement in statements]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # on a full disk, SQLite itself has undone all
            connection.execute("ROLLBACK")
        raise
    return added


def _execute(connection: sqlite3.Connection, statement: _Statement) -> bool:
    added = connection.execute(statement.sql, statement.values).rowcount > 0
    if added and statement.then is not None:
        _execute(connection, statement.then)
    return added


def _select(
    connection: sqlite3.Connection, sql: str, values: Sequence[Any]
) -> Sequence[tuple[Any, ...]]:
    return connection.execute(sql, values).fetchall()
