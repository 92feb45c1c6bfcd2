"""A connection to SQLite that needs few changes of threads.

SQLite runs in a thread, and each change of threads costs more than most statements. aiosqlite needs
four changes for a statement: for its cursor, its execution, its rows and the end of its cursor.
This class needs one change, which also begins the transaction.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

Result = TypeVar("Result")

LOCKED_WITHIN = 1.0
"""Maximum seconds to wait for another program that has locked the file."""
SHARED_WITHIN = 5.0
"""The same maximum while several processes of one server write to the file. While all of them
write, one of them may have to wait for many commits of the others.
"""


class SqliteConnection(aiosqlite.Connection):
    """One connection. `open()` creates the object; call `close()` at the end.

    A transaction begins with its first statement (PEP 249).
    """

    def __init__(self, file: Path, *, writes: bool, shared: bool = False) -> None:
        """`shared`: whether other processes of this server write to the file too."""
        wait = SHARED_WITHIN if shared else LOCKED_WITHIN
        super().__init__(partial(_connect, file, writes, wait), iter_chunk_size=1)
        self._thread.daemon = True
        self._begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
        self._begun = False

    @classmethod
    async def open(cls, file: Path, *, writes: bool, shared: bool = False) -> Self:
        connection = cls(file, writes=writes, shared=shared)
        await connection
        return connection

    def cursor(self) -> "SqliteCursor":  # type: ignore[override]
        return SqliteCursor(self)

    @property
    def waiting(self) -> int:
        """The number of calls that the thread has not begun."""
        return self._tx.qsize()

    async def call(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Runs `work` with the connection and the arguments in the thread of the connection.
        Returns the result of `work`.
        """
        result: Result = await self._execute(work, self._conn, *arguments)  # type: ignore[no-untyped-call]
        return result

    async def run(self, work: Callable[[sqlite3.Cursor], object]) -> "Outcome":
        """Executes a statement in the transaction."""
        begin = "" if self._begun else self._begin
        # Set this before the statement runs: if the caller is cancelled meanwhile, `rollback` must
        # undo the statement.
        self._begun = True
        return await self.call(_run, begin, work)

    async def commit(self) -> None:
        if self._begun:
            await super().commit()
            self._begun = False

    async def rollback(self) -> None:
        if self._begun:
            await super().rollback()
            self._begun = False


class Outcome:
    """The result of one statement."""

    __slots__ = ("description", "lastrowid", "rowcount", "rows")

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        self.rows: Sequence[Any] = cursor.fetchall() if cursor.description else ()
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid


class SqliteCursor:
    """The part of aiosqlite.Cursor that SQLAlchemy uses. Holds all rows in memory."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self._outcome: Outcome | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        self._outcome = await self._connection.run(lambda cursor: cursor.execute(statement, values))

    async def executemany(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        self._outcome = await self._connection.run(
            lambda cursor: cursor.executemany(statement, values)
        )

    async def fetchall(self) -> Sequence[Any]:
        return self._outcome.rows if self._outcome else ()

    async def close(self) -> None:
        """Does nothing: the thread has closed its cursor already."""

    @property
    def description(self) -> Any:
        return self._outcome and self._outcome.description

    @property
    def rowcount(self) -> int:
        return self._outcome.rowcount if self._outcome else -1

    @property
    def lastrowid(self) -> int | None:
        return self._outcome.lastrowid if self._outcome else None


def _connect(file: Path, writes: bool, wait: float) -> sqlite3.Connection:
    # By default, Python's sqlite3 begins transactions only before some kinds of statements. Part of
    # a failed migration would then remain.
    connection = sqlite3.connect(file, timeout=wait, isolation_level=None)
    # With a write-ahead log, readers and backups do not block the writer.
    connection.execute("PRAGMA journal_mode = WAL")
    # Each commit waits for the disk, so that a power failure loses no acknowledged write.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    return connection


def _run(
    connection: sqlite3.Connection, begin: str, work: Callable[[sqlite3.Cursor], object]
) -> Outcome:
    """Executes a statement in the thread of the connection."""
    cursor = connection.cursor()
    try:
        if begin:
            cursor.execute(begin)
        work(cursor)
        return Outcome(cursor)
    finally:
        cursor.close()
