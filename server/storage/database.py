"""The database `microlive.sqlite3` in the data directory. The database stores rooms, the hashes of
their creator keys, and blocked networks.

This module uses SQLite through SQLAlchemy Core. The migrations are written for SQLite.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

DATABASE_NAME = "microlive.sqlite3"
LOCK_NAME = "microlive.lock"

ROOM_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Characters of room names. 0, 1, i, l and o are excluded, because names are read aloud and typed
on phones.
"""
ROOM_LENGTH = 6


class StorageError(Exception):
    """The data cannot be read or written. The text of the error is one line, with the directory and
    the reason.
    """


class RoomExists(Exception):
    """The name of the room is in use, possibly by an ended room."""


@dataclass(frozen=True, slots=True)
class RoomRecord:
    room: str
    title: str
    key_hash: bytes
    """Hash of the creator key, computed by `hash_key`."""
    created_at: float
    """Time at which the room was created, Unix seconds."""
    ended_at: float | None = None
    """Time at which the room ended, Unix seconds; None if the room has not ended."""
    live_at: float | None = None
    """Time at which the room first went live, Unix seconds; None if it was never live."""
    address: str = ""
    """Address of the client that created the room; empty if the address is unknown."""


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """A network that the operator has blocked."""

    network: str
    """The network in CIDR notation."""
    until: float
    """Time at which the block ends, Unix seconds."""
    reason: str


def new_room_id() -> str:
    """Returns a random room name, one of 887 million possible names. The name may already be in
    use: see `Storage.add_room`.
    """
    return "".join(secrets.choice(ROOM_ALPHABET) for _ in range(ROOM_LENGTH))


def new_key() -> str:
    """Returns a new creator key: 192 random bits in 32 characters that are valid in headers and
    URLs.
    """
    return secrets.token_urlsafe(24)


def hash_key(key: str) -> bytes:
    """Returns the SHA-256 hash of a creator key. A slow, salted hash would add nothing, because 192
    random bits cannot be guessed.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def key_matches(key: str, key_hash: bytes) -> bool:
    """Whether `key` has the hash `key_hash`. The comparison takes constant time."""
    return hmac.compare_digest(hash_key(key), key_hash)


_metadata = sa.MetaData()

_room = sa.Table(
    "room",
    _metadata,
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("key_hash", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("ended_at", sa.Double),
    sa.Column("live_at", sa.Double),
    sa.Column("address", sa.Text, nullable=False),
)

_block = sa.Table(
    "block",
    _metadata,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("until", sa.Double, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

_schema = sa.Table(
    "schema_version", sa.MetaData(), sa.Column("version", sa.Integer, primary_key=True)
)

# Migration n, counted from 1, upgrades the schema from version n - 1 to n. Never change a released
# migration: add a new migration instead.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE room (
            room TEXT PRIMARY KEY, title TEXT NOT NULL, key_hash BLOB NOT NULL,
            created_at DOUBLE PRECISION NOT NULL,
            ended_at DOUBLE PRECISION, live_at DOUBLE PRECISION
        )""",
    ),
    (
        "ALTER TABLE room ADD COLUMN address TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE block (
            network TEXT PRIMARY KEY, until DOUBLE PRECISION NOT NULL, reason TEXT NOT NULL
        )""",
    ),
)


class Storage:
    """The database of rooms. `open()` creates this object; call `close()` at the end. Every method
    raises StorageError if the data directory or the disk fails.
    """

    def __init__(self, data: Path, lock: int, engine: AsyncEngine) -> None:
        self._data = data
        self._lock = lock
        self._engine = engine

    @classmethod
    async def open(cls, data: Path) -> Self:
        """Opens the database: creates the directory if necessary, and applies the missing
        migrations. Also raises StorageError if another server uses the directory.
        """
        with _storage_errors(data):
            lock = _lock_directory(data)
            _hide_from_others(data / DATABASE_NAME)
        # One connection and one thread are enough: SQLite allows only one writer, and rooms are
        # created and ended a few times a second at most.
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{data / DATABASE_NAME}", pool_size=1, max_overflow=0
        )
        sa.event.listen(engine.sync_engine, "connect", _prepare)
        sa.event.listen(engine.sync_engine, "begin", _begin)
        storage = cls(data, lock, engine)
        try:
            with _storage_errors(data):
                async with engine.begin() as connection:
                    await _migrate(connection, data)
        except BaseException:
            await storage.close()
            raise
        return storage

    async def close(self) -> None:
        """Closes the database, so that another server can use the directory. Further calls do
        nothing.
        """
        lock, self._lock = self._lock, -1
        try:
            await self._engine.dispose()
        finally:
            if lock >= 0:
                os.close(lock)

    async def add_room(self, record: RoomRecord) -> None:
        """Stores a new room. Raises RoomExists if the name is in use."""
        values = {name: getattr(record, name) for name in _room.c.keys()}
        with _storage_errors(self._data):
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(_room.insert().values(values))
            except sa.exc.IntegrityError:
                raise RoomExists(record.room) from None

    async def rooms(self) -> list[RoomRecord]:
        """Returns the rooms that have not ended, oldest first."""
        return await self._select(
            _room.select().where(_room.c.ended_at.is_(None)).order_by(_room.c.created_at)
        )

    async def room(self, room: str) -> RoomRecord | None:
        """Returns a room, ended or not. Returns None if the room never existed or was purged."""
        records = await self._select(_room.select().where(_room.c.room == room))
        return records[0] if records else None

    async def set_live(self, room: str, at: float) -> None:
        """Stores the time `at` (Unix seconds) at which the room first went live. Later calls for
        this room change nothing.
        """
        await self._change(
            _room.update().where(_room.c.room == room, _room.c.live_at.is_(None)).values(live_at=at)
        )

    async def end_room(self, room: str, at: float) -> None:
        """Stores the time `at` (Unix seconds) at which the room ended. Later calls for this room
        change nothing.
        """
        await self._change(
            _room.update()
            .where(_room.c.room == room, _room.c.ended_at.is_(None))
            .values(ended_at=at)
        )

    async def purge(self, ended_before: float) -> int:
        """Deletes rooms that ended before `ended_before` (Unix seconds). Returns the number of
        deleted rooms.
        """
        return await self._change(_room.delete().where(_room.c.ended_at < ended_before))

    async def add_block(self, block: BlockRecord) -> None:
        """Stores a block. A stored block of the same network is replaced."""
        await self._change(
            sqlite.insert(_block)
            .values(network=block.network, until=block.until, reason=block.reason)
            .on_conflict_do_update(
                index_elements=["network"], set_={"until": block.until, "reason": block.reason}
            )
        )

    async def remove_block(self, network: str) -> None:
        await self._change(_block.delete().where(_block.c.network == network))

    async def blocks(self, now: float) -> list[BlockRecord]:
        """Returns the blocks that have not expired at `now` (Unix seconds). Deletes the others."""
        await self._change(_block.delete().where(_block.c.until <= now))
        with _storage_errors(self._data):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(_block.select())).mappings()
                return [BlockRecord(**row) for row in rows]

    async def _select(self, statement: sa.Select[Any]) -> list[RoomRecord]:
        with _storage_errors(self._data):
            async with self._engine.connect() as connection:
                return [
                    RoomRecord(**row) for row in (await connection.execute(statement)).mappings()
                ]

    async def _change(self, statement: sa.UpdateBase) -> int:
        with _storage_errors(self._data):
            async with self._engine.begin() as connection:
                return (await connection.execute(statement)).rowcount


def _lock_directory(data: Path) -> int:
    """Creates the directory and locks it. Returns the file descriptor of the lock. The directory is
    unlocked when the descriptor is closed or the process ends for any reason.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StorageError(
            f"{data}: another microlive server uses this data directory; stop that server, or "
            "choose another directory with --data"
        ) from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


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


def _prepare(connection: Any, _record: Any) -> None:
    # By default, Python's sqlite3 begins transactions only before some kinds of statements. Part of
    # a failed migration would then remain. `_begin` therefore begins every transaction.
    connection.isolation_level = None
    cursor = connection.cursor()
    # With a write-ahead log, readers and backups do not block the writer.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


async def _migrate(connection: AsyncConnection, data: Path) -> None:
    await connection.run_sync(_schema.metadata.create_all)
    version = (await connection.execute(sa.select(sa.func.max(_schema.c.version)))).scalar() or 0
    if version > len(MIGRATIONS):
        raise StorageError(
            f"{data}: written by a newer microlive (schema {version}; this version supports "
            f"{len(MIGRATIONS)})"
        )
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        for statement in statements:
            await connection.execute(sa.text(statement))
        await connection.execute(_schema.insert().values(version=number))


@contextmanager
def _storage_errors(data: Path) -> Iterator[None]:
    """Converts an error of SQLite or of the file system to a StorageError. The text of the
    StorageError is one line that starts with the directory.
    """
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        reason = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        raise StorageError(f"{data}: {reason}") from error
    except OSError as error:
        raise StorageError(f"{data}: {error.strerror or error}") from error
