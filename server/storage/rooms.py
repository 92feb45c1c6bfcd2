"""The rooms in the database, with the hashes of their creator keys."""

from dataclasses import dataclass
from typing import TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.items import index_live
from server.storage.recording_records import RECORDING
from server.storage.schema.media import recording
from server.storage.schema.rooms import room as table
from server.storage.schema.upsert import insert

NAMING = frozenset(("title", "owner", "visibility"))
"""Columns on which the tags and the search depend."""
MAX_LIVE = 20
"""Maximum number of lives of one person in a list."""

MAX_ELSEWHERE = 1_000
"""Maximum number of lives of other servers in a list."""


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
    """Time at which the room first went live, Unix seconds; None if the room was never live."""
    address: str = ""
    """Address of the client that created the room; empty if the address is unknown."""
    server: str = ""
    """Id of the server that runs the room. `RoomStore.add` sets it."""
    owner: str | None = None
    """Id of the person who created the room; None if a program created the room."""
    visibility: str = "public"
    """`public`, `unlisted` or `private`."""
    length_s: float | None = None
    """Planned length of the live, seconds; None if the live has no planned length."""
    ends_at: float | None = None
    """Time at which the live ends, Unix seconds; None if the live has no planned length or has not
    begun.
    """
    settings: str = "{}"
    """The settings of the chat that the creator has chosen, as a JSON object."""
    peak: int = 0
    """The highest number of viewers at one time."""
    people: int = 0
    """The number of distinct people who watched."""
    duration_s: float | None = None
    """Seconds that the room was on air; None before its end."""
    mood: str = ""
    """`calm`, `loud`, `funny`, `learn` or `create`; empty if the creator chose no mood."""
    viewers: int = 0
    """The viewers at present, for other servers: at most STORE_EVERY old
    (server/rooms/presence.py).
    """


class RoomChanges(TypedDict, total=False):
    """Columns that may change while a room has not ended."""

    title: str
    owner: str | None
    visibility: str
    length_s: float | None
    ends_at: float | None
    settings: str
    peak: int
    people: int
    mood: str
    viewers: int


class RoomStore:
    """The rooms of all servers that share the database. Every method raises StorageError if the
    database fails.
    """

    def __init__(self, database: Database, server: str = "") -> None:
        """`server` is the id of this server; "" if one process uses SQLite alone."""
        self._database = database
        self.server = server

    async def add(self, record: RoomRecord) -> None:
        """Stores a new room of this server. Raises RoomExists if the name is in use."""
        values = {name: getattr(record, name) for name in table.c.keys()} | {"server": self.server}

        async def add(connection: AsyncConnection) -> int:
            statement = insert(connection, table).values(values).on_conflict_do_nothing()
            return (await connection.execute(statement)).rowcount

        if await self._database.write(add) == 0:
            raise RoomExists(record.room)

    async def unended(self, server: str | None = None) -> list[RoomRecord]:
        """Returns the rooms of a server that have not ended, oldest first. `server`: by default
        this one.
        """
        owner = self.server if server is None else server
        return await self._select(
            table.select()
            .where(table.c.ended_at.is_(None), table.c.server == owner)
            .order_by(table.c.created_at)
        )

    async def find(self, room: str) -> RoomRecord | None:
        """Returns a room of any server, ended or not. Returns None if the room never existed or was
        purged.
        """
        if "\0" in room:  # PostgreSQL refuses the character
            return None
        records = await self._select(table.select().where(table.c.room == room))
        return records[0] if records else None

    async def live_of(self, owner: str) -> list[RoomRecord]:
        """Returns the public lives of a person that have begun and not ended, on every server. The
        latest is first.
        """
        return await self._select(
            table.select()
            .where(
                table.c.owner == owner,
                table.c.ended_at.is_(None),
                table.c.live_at.is_not(None),
                table.c.visibility == "public",
            )
            .order_by(table.c.live_at.desc())
            .limit(MAX_LIVE)
        )

    async def take(self, room: str, server: str | None = None) -> RoomRecord | None:
        """Makes a server the one that runs the room and its recording; by default, this server.
        Returns the room; None if it has ended or does not exist.
        """
        owner = self.server if server is None else server
        mine = (
            table.update()
            .where(table.c.room == room, table.c.ended_at.is_(None))
            .values(server=owner)
            .returning(table)
        )
        recorded = (
            recording.update()
            .where(recording.c.room == room, recording.c.state == RECORDING)
            .values(server=owner)
        )

        async def take(connection: AsyncConnection) -> RoomRecord | None:
            row = (await connection.execute(mine)).mappings().first()
            if row is None:
                return None
            await connection.execute(recorded)
            return RoomRecord(**row)

        return await self._database.write(take)

    async def on_air_elsewhere(self) -> list[RoomRecord]:
        """Returns public lives of other servers that have begun and not ended, those with the most
        viewers first.
        """
        return await self._select(
            table.select()
            .where(
                table.c.ended_at.is_(None),
                table.c.live_at.is_not(None),
                table.c.visibility == "public",
                table.c.server != self.server,
            )
            .order_by(table.c.viewers.desc(), table.c.live_at.desc())
            .limit(MAX_ELSEWHERE)
        )

    async def change(self, room: str, **changes: Unpack[RoomChanges]) -> None:
        """Stores changed columns of a room."""
        statement = table.update().where(table.c.room == room).values(**changes)

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(statement)
            if changes.keys() & NAMING:
                await index_live(connection, room)

        await self._database.write(change)

    async def set_live(self, room: str, at: float) -> None:
        """Stores the time `at` (Unix seconds) at which the room first went live. Later calls for
        this room change nothing.
        """
        statement = (
            table.update().where(table.c.room == room, table.c.live_at.is_(None)).values(live_at=at)
        )

        async def set_live(connection: AsyncConnection) -> None:
            if (await connection.execute(statement)).rowcount:
                await index_live(connection, room)

        await self._database.write(set_live)

    async def end(
        self,
        room: str,
        at: float,
        *,
        peak: int = 0,
        people: int = 0,
        duration_s: float | None = None,
    ) -> None:
        """Stores the time `at` (Unix seconds) at which the room ended, with the figures of the live
        (RoomRecord). Later calls for this room change nothing.
        """
        await self._execute(
            table.update()
            .where(table.c.room == room, table.c.ended_at.is_(None))
            .values(ended_at=at, peak=peak, people=people, duration_s=duration_s)
        )

    async def _select(self, statement: sa.Select[tuple[object, ...]]) -> list[RoomRecord]:
        async def select(connection: AsyncConnection) -> list[RoomRecord]:
            return [RoomRecord(**row) for row in (await connection.execute(statement)).mappings()]

        return await self._database.read(select)

    async def _execute(self, statement: sa.UpdateBase) -> int:
        async def execute(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self._database.write(execute)
