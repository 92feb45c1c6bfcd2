"""Everything that lasts: rooms, and the hashes of their keys, in `microlive.sqlite3` in the data
directory.

SQLAlchemy Core, so that another database can stand in; SQLite until an audience outgrows one
machine.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

DATABASE_NAME = "microlive.sqlite3"
LOCK_NAME = "microlive.lock"

ROOM_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without 0, 1, i, l and o: a room's name is read aloud and typed on a phone."""
ROOM_LENGTH = 6


class StorageError(Exception):
    """What lasts cannot be read or written. The text names the directory and says why, in one
    line.
    """


class RoomExists(Exception):
    """There is a room of that name already, perhaps an ended one; draw another."""


@dataclass(frozen=True, slots=True)
class RoomRecord:
    room: str
    title: str
    key_hash: bytes
    """Of the creator's key, by `hash_key`."""
    created_at: float
    """Unix seconds."""
    ended_at: float | None = None
    """Unix seconds; None while the room can be used."""
    live_at: float | None = None
    """When it first went live, Unix seconds; None before."""


def new_room_id() -> str:
    """A name from 887 million. It may be taken: `Storage.add_room` says so."""
    return "".join(secrets.choice(ROOM_ALPHABET) for _ in range(ROOM_LENGTH))


def new_key() -> str:
    """A creator's key: 192 random bits in 32 characters that an Authorization header and a URL can
    carry.
    """
    return secrets.token_urlsafe(24)


def hash_key(key: str) -> bytes:
    """SHA-256. A slow, salted hash would add nothing: nobody guesses 192 random bits."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def key_matches(key: str, key_hash: bytes) -> bool:
    """Takes the same time wherever the two differ."""
    return hmac.compare_digest(hash_key(key), key_hash)


_room = sa.Table(
    "room",
    sa.MetaData(),
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("key_hash", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("ended_at", sa.Double),
    sa.Column("live_at", sa.Double),
)

_schema = sa.Table(
    "schema_version", sa.MetaData(), sa.Column("version", sa.Integer, primary_key=True)
)

# Migration n (counted from 1) leads from version n - 1 to n. One that has been released never
# changes: mend it by the next.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE room (
            room TEXT PRIMARY KEY, title TEXT NOT NULL, key_hash BLOB NOT NULL,
            created_at DOUBLE PRECISION NOT NULL,
            ended_at DOUBLE PRECISION, live_at DOUBLE PRECISION
        )""",
    ),
)


class Storage:
    """Open it with `open()`, and `close()` it. Every method raises StorageError when the directory
    or the disk fails it.
    """

    def __init__(self, data: Path, lock: int, engine: AsyncEngine) -> None:
        self._data = data
        self._lock = lock
        self._engine = engine

    @classmethod
    async def open(cls, data: Path) -> Self:
        """Makes the directory and brings the database up to date. Refuses a directory that another
        server has open.
        """
        with _naming(data):
            lock = _claim(data)
        # One connection, and so one thread: SQLite has one writer, and rooms are made and ended a
        # few times a second at most.
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{data / DATABASE_NAME}", pool_size=1, max_overflow=0
        )
        sa.event.listen(engine.sync_engine, "connect", _prepare)
        sa.event.listen(engine.sync_engine, "begin", _begin)
        storage = cls(data, lock, engine)
        try:
            with _naming(data):
                async with engine.begin() as connection:
                    await _migrate(connection, data)
        except BaseException:
            await storage.close()
            raise
        return storage

    async def close(self) -> None:
        """Afterwards another server may open the directory. May be called again."""
        lock, self._lock = self._lock, -1
        try:
            await self._engine.dispose()
        finally:
            if lock >= 0:
                os.close(lock)

    async def add_room(self, record: RoomRecord) -> None:
        """Raises RoomExists."""
        values = {name: getattr(record, name) for name in _room.c.keys()}
        with _naming(self._data):
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(_room.insert().values(values))
            except sa.exc.IntegrityError:
                raise RoomExists(record.room) from None

    async def rooms(self) -> list[RoomRecord]:
        """Those that have not ended, oldest first."""
        return await self._select(
            _room.select().where(_room.c.ended_at.is_(None)).order_by(_room.c.created_at)
        )

    async def room(self, room: str) -> RoomRecord | None:
        """Ended or not; None if there was none of that name, or it has been purged."""
        records = await self._select(_room.select().where(_room.c.room == room))
        return records[0] if records else None

    async def set_title(self, room: str, title: str) -> None:
        await self._change(_room.update().where(_room.c.room == room).values(title=title))

    async def set_live(self, room: str, at: float) -> None:
        """`at` in Unix seconds. The first time stays."""
        await self._change(
            _room.update().where(_room.c.room == room, _room.c.live_at.is_(None)).values(live_at=at)
        )

    async def end_room(self, room: str, at: float) -> None:
        """`at` in Unix seconds. A room that has ended keeps its first end."""
        await self._change(
            _room.update()
            .where(_room.c.room == room, _room.c.ended_at.is_(None))
            .values(ended_at=at)
        )

    async def purge(self, ended_before: float) -> int:
        """Forgets rooms that ended before that, in Unix seconds, and tells how many."""
        return await self._change(_room.delete().where(_room.c.ended_at < ended_before))

    async def _select(self, statement: sa.Select[Any]) -> list[RoomRecord]:
        with _naming(self._data):
            async with self._engine.connect() as connection:
                return [
                    RoomRecord(**row) for row in (await connection.execute(statement)).mappings()
                ]

    async def _change(self, statement: sa.UpdateBase) -> int:
        with _naming(self._data):
            async with self._engine.begin() as connection:
                return (await connection.execute(statement)).rowcount


def _claim(data: Path) -> int:
    """Makes the directory and locks it. Returns the descriptor whose closing gives the directory
    free. However the process dies, the kernel closes it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StorageError(
            f"{data}: another microlive has this data directory open; stop it, or choose "
            "another with --data"
        ) from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _prepare(connection: Any, _record: Any) -> None:
    # Python's sqlite3 would begin transactions only before some statements, and a failed migration
    # would stay half done
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(
        "PRAGMA journal_mode = WAL"
    )  # readers, and a copy taken of the file, do not stop the writer
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


async def _migrate(connection: AsyncConnection, data: Path) -> None:
    await connection.run_sync(_schema.metadata.create_all)
    version = (await connection.execute(sa.select(sa.func.max(_schema.c.version)))).scalar() or 0
    if version > len(MIGRATIONS):
        raise StorageError(
            f"{data}: written by a newer microlive (schema {version}; this one knows "
            f"{len(MIGRATIONS)})"
        )
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        for statement in statements:
            await connection.execute(sa.text(statement))
        await connection.execute(_schema.insert().values(version=number))


@contextmanager
def _naming(data: Path) -> Iterator[None]:
    """Whatever the file system or SQLite has to say becomes one line that names the directory."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        reason = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        raise StorageError(f"{data}: {reason}") from error
    except OSError as error:
        raise StorageError(f"{data}: {error.strerror or error}") from error
