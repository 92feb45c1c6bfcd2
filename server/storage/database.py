"""Runs transactions in the database: SQLite in the data directory, or PostgreSQL at a URL.

    rooms = await database.read(lambda connection: select_rooms(connection))
    await database.write(lambda connection: insert_message(connection, message))

A read has a connection of its own and waits for no write. Writes share transactions (GroupCommit).
PgBouncer in transaction mode may be used, because no state of a connection outlives a transaction.
"""

import asyncio
import logging
import os
import select
import socket
import sqlite3
import stat
import traceback
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from relay.stopwatch import Timed, current_account
from server.storage.errors import StorageError, StorageUnavailable, reason_of, storage_errors
from server.storage.group_commit import GroupCommit, Work
from server.storage.migrations import migrate
from server.storage.row import Row
from server.storage.sqlite_connection import SqliteConnection
from server.storage.sqlite_shortcut import SqliteShortcut

logger = logging.getLogger(__name__)

T = TypeVar("T")

DATABASE_NAME = "microlive.sqlite3"

READERS = {"sqlite": 2, "postgresql": 4}
"""Maximum number of reads at the same time. Each connection to SQLite has a thread."""
MAX_WAITING_READS = 1_000
"""Maximum number of reads that are running or wait for their turn."""
TURN_WITHIN = 2.0
"""Maximum seconds that a read waits for its turn."""
CONNECT_WITHIN = {"postgresql": 1.0, "sqlite": 3.0}
"""Maximum seconds to connect. SQLite connects slowly only on an overloaded machine. The server must
not refuse requests for this reason.
"""
ANSWER_WITHIN = {"postgresql": 2.0, "sqlite": 10.0}
"""Maximum seconds from a write to its result. SQLite is late only if the disk is slow; PostgreSQL
may not answer at all.
"""
CUT_AFTER = 3.0
"""Seconds after which the connection of a transaction is cut. A transaction normally takes some
milliseconds. A transaction that takes this long waits for a server that does not answer.
"""


class Database:
    """A database with the newest schema. `open_sqlite()` or `open_postgresql()` creates the object;
    call `close()` at the end.

    `read` and `write` raise StorageError if the database fails, and StorageUnavailable within about
    two seconds if the database does not answer. Both methods work again as soon as the database
    answers.
    """

    def __init__(self, place: str, writer: AsyncEngine, readers: AsyncEngine) -> None:
        """`place` is the start of every error text."""
        self.place = place
        self._writer = writer
        self._readers = readers
        self._shortcut: SqliteShortcut | None = None
        self._reads = 0
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._turns = asyncio.Semaphore(READERS[readers.dialect.name])
        self._answers = True
        self.commits = GroupCommit(
            lambda: self._transaction(writer), answer_within=ANSWER_WITHIN[writer.dialect.name]
        )

    @classmethod
    async def open_sqlite(cls, data: Path, *, shared: bool = False) -> Self:
        """Opens the database in the directory, and applies the missing migrations. Only one server
        may use the directory at a time. `shared`: whether the server has several processes, which
        all open the database.
        """
        file = data / DATABASE_NAME
        with storage_errors(data):
            _hide_from_others(file)
        database = await cls._open(
            str(data),
            _sqlite_engine(file, writes=True, shared=shared),
            _sqlite_engine(file, writes=False, shared=shared),
        )
        try:
            database._shortcut = shortcut = await SqliteShortcut.open(file, shared=shared)
        except BaseException as error:
            await database.close()
            if isinstance(error, sqlite3.Error):
                raise StorageError(f"{data}: {reason_of(error)}") from error
            raise
        database.commits.insert = shortcut.insert
        return database

    @classmethod
    async def open_postgresql(cls, url: str) -> Self:
        """Opens the database at the URL, and applies the missing migrations. Several processes may
        open the database at the same time.
        """
        target = sa.make_url(url).set(drivername="postgresql+psycopg")
        return await cls._open(
            target.set(drivername="postgresql").render_as_string(hide_password=True),
            _postgresql_engine(target, writes=True),
            _postgresql_engine(target, writes=False),
        )

    @classmethod
    async def _open(cls, place: str, writer: AsyncEngine, readers: AsyncEngine) -> Self:
        database = cls(place, writer, readers)
        try:
            with storage_errors(place):
                async with writer.begin() as connection:
                    await migrate(connection, place)
                # Connect once: the first connection of an engine runs queries of SQLAlchemy.
                async with readers.connect():
                    pass
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Completes the waiting writes and the running reads, and closes all connections. Further
        calls do nothing.
        """
        self._closed = True
        await self.commits.close()
        if self._running:
            await asyncio.wait(self._running)
        if self._shortcut:
            await self._shortcut.close()
        await self._writer.dispose()
        await self._readers.dispose()

    @property
    def answers(self) -> bool:
        """Whether the last transaction could reach the database."""
        return self._answers

    async def read(self, work: Work[T]) -> T:
        """Runs `work` in a transaction that only reads. The transaction sees one state of the
        database.

        If the caller is cancelled, a running read still continues: a transaction that ends halfway
        would lose its connection.
        """
        with self._reading():
            async with asyncio.timeout(TURN_WITHIN):
                await self._turns.acquire()
            if self._closed:  # while the read waited
                self._turns.release()
                raise StorageUnavailable(f"{self.place}: the database is closed")
            return await asyncio.shield(self._begin_read(work))

    async def select(
        self, statement: sa.Select[Any], values: Mapping[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        """Returns the rows of one statement. On SQLite, the statement costs much less than a
        transaction that `read` runs. `values`, and the columns of the rows, are text and numbers.
        """
        if self._shortcut:
            # If the statement fails here, `read` runs it again and raises the error.
            with self._reading(self._shortcut.waiting), suppress(sqlite3.Error):
                async with asyncio.timeout(TURN_WITHIN):
                    return await self._shortcut.select(statement, values)

        async def work(connection: AsyncConnection) -> Sequence[tuple[Any, ...]]:
            return [tuple(row) for row in await connection.execute(statement, values)]

        return await self.read(work)

    @contextmanager
    def _reading(self, waiting: int = 0) -> Iterator[None]:
        """Counts a read until the context ends. Raises StorageUnavailable if too many reads wait,
        or the database is closed. `waiting`: the number of reads that wait in a thread, including
        reads whose callers were cancelled.
        """
        if self._closed:
            raise StorageUnavailable(f"{self.place}: the database is closed")
        if max(self._reads, waiting) >= MAX_WAITING_READS:
            raise StorageUnavailable(f"{self.place}: too many reads wait for the database")
        self._reads += 1
        try:
            with storage_errors(self.place):
                yield
        finally:
            self._reads -= 1

    def _begin_read(self, work: Work[T]) -> asyncio.Task[T]:
        """Starts a read whose turn has come. When this read ends, the next read gets its turn."""

        def end(task: asyncio.Task[T]) -> None:
            self._running.discard(task)
            self._turns.release()

        task = asyncio.get_running_loop().create_task(self._read(work))
        self._running.add(task)
        task.add_done_callback(end)
        return task

    async def _read(self, work: Work[T]) -> T:
        """Runs `work`, and charges its time to the account of the task that started the read."""
        account = current_account.get()
        read = self._run_read(work)
        return await (read if account is None else Timed(read, account))

    async def _run_read(self, work: Work[T]) -> T:
        async with self._transaction(self._readers) as connection:
            return await work(connection)

    async def add(self, row: Row) -> bool:
        """Stores a row in a transaction, as `write` does. Returns whether the row was added: the
        statement of the row decides what happens if the row exists already. On SQLite, rows that
        wait together cost much less than other writes.
        """
        return await self.write(row)

    async def write(self, work: Work[T]) -> T:
        """Runs `work` in a transaction that it shares with other writes. Returns the result of
        `work` after the commit. If `work` raises an error, only the changes of `work` are undone.

        If the caller is cancelled, the write still continues. After StorageUnavailable, the write
        may have been committed, so the caller must be able to repeat the write.
        """
        with storage_errors(self.place):
            return await self.commits.write(work)

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        try:
            async with asyncio.timeout(CONNECT_WITHIN[engine.dialect.name]):
                connection = await engine.connect()
        except Exception as error:
            _free_locals(error)
            self._note(False, error)
            raise
        cutting = None
        if engine.dialect.name == "postgresql":
            driver = (await connection.get_raw_connection()).driver_connection
            cutting = asyncio.get_running_loop().call_later(CUT_AFTER, _cut, driver)
        try:
            async with connection.begin():
                yield connection
        except sa.exc.DBAPIError as error:
            self._note(not error.connection_invalidated, error)
            raise
        else:
            self._note(True)
        finally:
            if cutting:
                cutting.cancel()
            await connection.close()

    def _note(self, answers: bool, error: Exception | None = None) -> None:
        """Logs when the database stops or begins to answer, instead of at each refused request."""
        if answers is not self._answers:
            self._answers = answers
            if answers:
                logger.info("%s: the database answers again", self.place)
            else:
                reason = "" if error is None else reason_of(error)
                logger.error("%s: the database does not answer: %s", self.place, reason)


def _sqlite_engine(file: Path, *, writes: bool, shared: bool) -> AsyncEngine:
    async def connect() -> SqliteConnection:
        return await SqliteConnection.open(file, writes=writes, shared=shared)

    return create_async_engine(
        f"sqlite+aiosqlite:///{file}",
        pool_size=1 if writes else READERS["sqlite"],
        max_overflow=0,
        hide_parameters=True,  # keeps the texts of people out of error messages
        async_creator=connect,
    )


def _postgresql_engine(url: sa.URL, *, writes: bool) -> AsyncEngine:
    # With REPEATABLE READ, a read sees one state of the database, as in SQLite.
    options = (
        {"isolation_level": "READ COMMITTED"}
        if writes
        else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    )
    engine = create_async_engine(
        url,
        pool_size=1 if writes else READERS["postgresql"],
        max_overflow=0,
        hide_parameters=True,
        # PgBouncer in transaction mode gives each transaction another connection, which does not
        # know the prepared statements of the previous connection.
        connect_args={"prepare_threshold": None, "application_name": "microlive"},
        # By default, each new connection would run a query before it can be used.
        use_native_hstore=False,
        execution_options=options,
    )
    sa.event.listen(engine.sync_engine, "checkout", _require_open)
    return engine


def _require_open(connection: Any, _record: Any, _proxy: Any) -> None:
    """Makes the pool replace a connection that PostgreSQL has closed, for example at a restart. The
    check needs no round trip: an idle connection becomes readable only at its end.
    """
    poll = select.poll()
    try:
        poll.register(connection.driver_connection.fileno(), select.POLLIN)
        closed = bool(poll.poll(0))
    except sa.exc.SQLAlchemyError:
        raise
    except Exception:  # psycopg has no descriptor for a closed connection
        closed = True
    if closed:
        raise sa.exc.DisconnectionError("PostgreSQL has closed the connection")


def _free_locals(error: BaseException) -> None:
    """Frees the local variables that the tracebacks of the error keep alive in a reference cycle.
    Otherwise the sockets of abandoned connections would remain open until the next full collection.
    """
    cause: BaseException | None = error
    while cause is not None:
        traceback.clear_frames(cause.__traceback__)
        cause = cause.__context__


def _cut(connection: Any) -> None:
    """Ends a psycopg connection whose server does not answer, so that its query fails. A
    cancellation of the query would need an answer from the server.
    """
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as sock:
        sock.shutdown(socket.SHUT_RDWR)


def _hide_from_others(database: Path) -> None:
    """Creates the database file for this user only. If the file exists, removes the rights of all
    other users. The rights of the file's group remain, because an operator may have given these
    rights for backups. SQLite gives its other files the same rights.
    """
    descriptor = os.open(database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if mode & stat.S_IRWXO:
            os.fchmod(descriptor, mode & ~stat.S_IRWXO)
    finally:
        os.close(descriptor)
