"""The lives that people have announced, and the people who want to be reminded of them."""

import time
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.public_items import is_banned_everywhere
from server.storage.schema.discovery import announcement as table
from server.storage.schema.discovery import reminder
from server.storage.schema.people import person
from server.storage.schema.rooms import room as live
from server.storage.schema.upsert import insert
from server.storage.who import Who

MAX_OPEN = 5
"""Maximum number of announcements of one person that have not begun."""
MAX_REMINDERS = 100
"""Maximum number of announcements of which one person is reminded."""
MAX_LISTED = 50
OPEN_FOR = 3_600.0
"""Seconds after its start for which an announcement is shown if the creator has not gone live."""


class TooManyAnnouncements(Exception):
    """The person has MAX_OPEN open announcements."""


class TooManyReminders(Exception):
    """The person has MAX_REMINDERS reminders."""


@dataclass(frozen=True, slots=True)
class AnnouncementRecord:
    """An announced live. Times are Unix seconds."""

    id: str
    person: str
    title: str
    starts_at: float
    created_at: float
    room: str | None = None
    """The live itself; None until the person goes live, and while the live is not public."""
    reminded_at: float | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """An announcement with its creator, for one reader."""

    record: AnnouncementRecord
    by: Who
    reminded: bool
    """Whether the reader is reminded."""
    reminders: int
    """The number of people who are reminded."""


class AnnouncementStore:
    """The announcements. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: AnnouncementRecord) -> None:
        """Stores an announcement. Raises TooManyAnnouncements."""

        async def add(connection: AsyncConnection) -> None:
            await _lock(connection, record.person)
            opened = sa.select(sa.func.count()).where(
                table.c.person == record.person, _is_open(record.created_at)
            )
            if (await connection.scalar(opened) or 0) >= MAX_OPEN:
                raise TooManyAnnouncements
            values = {name: getattr(record, name) for name in table.c.keys()}
            await connection.execute(table.insert().values(values))

        await self._database.write(add)

    async def find(self, id: str, reader: str = "") -> Announced | None:
        """Returns an announcement of a person who is not deleted."""
        found = await self._select(table.c.id == id, reader=reader, limit=1)
        return found[0] if found else None

    async def of_person(self, by: str, now: float, reader: str = "") -> list[Announced]:
        """Returns the open announcements of a person, the next one first."""
        return await self._select(
            table.c.person == by, _is_open(now), reader=reader, limit=MAX_LISTED
        )

    async def next(self, now: float, limit: int, reader: str = "") -> list[Announced]:
        """Returns the open announcements of all people, the next one first."""
        return await self._select(_is_open(now), reader=reader, limit=min(limit, MAX_LISTED))

    async def remove(self, id: str, by: str) -> bool:
        """Deletes an announcement of a person with its reminders. Returns False if the person has
        no such announcement.
        """

        async def remove(connection: AsyncConnection) -> bool:
            removed = await connection.execute(
                table.delete().where(table.c.id == id, table.c.person == by)
            )
            if removed.rowcount:
                await connection.execute(reminder.delete().where(reminder.c.announcement == id))
            return removed.rowcount > 0

        return await self._database.write(remove)

    async def remind(self, id: str, reader: str, now: float) -> None:
        """Stores that a person is reminded. Raises TooManyReminders."""

        async def remind(connection: AsyncConnection) -> None:
            await _lock(connection, reader)
            count = sa.select(sa.func.count()).where(
                reminder.c.person == reader, reminder.c.announcement != id
            )
            if (await connection.scalar(count) or 0) >= MAX_REMINDERS:
                raise TooManyReminders
            statement = insert(connection, reminder).values(announcement=id, person=reader, at=now)
            await connection.execute(statement.on_conflict_do_nothing())

        await self._database.write(remind)

    async def forget(self, id: str, reader: str) -> None:
        """Undoes `remind`."""

        async def forget(connection: AsyncConnection) -> None:
            await connection.execute(
                reminder.delete().where(reminder.c.announcement == id, reminder.c.person == reader)
            )

        await self._database.write(forget)

    # Reminders

    async def claim_due(self, now: float, limit: int) -> list[AnnouncementRecord]:
        """Returns announcements whose time has come and whose reminders no server has begun to
        send. The caller sends them: no other server gets the same announcements.
        """
        due = sa.and_(
            table.c.reminded_at.is_(None),
            table.c.starts_at <= now,
            table.c.starts_at > now - OPEN_FOR,
        )
        some = sa.select(table.c.id).where(due).order_by(table.c.starts_at).limit(limit)
        statement = (
            table.update()
            .where(due, table.c.id.in_(some))
            .values(reminded_at=now)
            .returning(*table.c)
        )

        async def claim(connection: AsyncConnection) -> list[AnnouncementRecord]:
            rows = (await connection.execute(statement)).mappings()
            return [AnnouncementRecord(**row) for row in rows]

        return await self._database.write(claim)

    async def begin(self, owner: str, room: str, now: float, within: float) -> None:
        """Stores the live of the announcement that the person has kept: the next one that starts
        within `within` seconds of now.
        """
        kept = (
            sa.select(table.c.id)
            .where(
                table.c.person == owner,
                table.c.room.is_(None),
                table.c.starts_at.between(now - within, now + within),
            )
            .order_by(table.c.starts_at)
            .limit(1)
        )

        async def begin(connection: AsyncConnection) -> None:
            id = await connection.scalar(kept)
            if id is not None:
                await connection.execute(table.update().where(table.c.id == id).values(room=room))

        await self._database.write(begin)

    async def _select(
        self, *conditions: sa.ColumnElement[bool], reader: str, limit: int
    ) -> list[Announced]:
        of_it = reminder.c.announcement == table.c.id
        count = sa.select(sa.func.count()).where(of_it).scalar_subquery()
        mine = sa.exists().where(of_it, reminder.c.person == reader)
        secret = sa.exists().where(live.c.room == table.c.room, live.c.visibility != "public")
        statement = (
            sa.select(
                *table.c,
                person.c.name,
                person.c.colour,
                person.c.handle,
                count.label("reminders"),
                mine.label("reminded"),
                secret.label("secret"),
            )
            .join(person, person.c.id == table.c.person)
            .where(*conditions, person.c.deleted_at.is_(None), ~is_banned_everywhere(person.c.id))
            .order_by(table.c.starts_at, table.c.id)
            .limit(limit)
        )

        async def select(connection: AsyncConnection) -> list[Announced]:
            rows = (await connection.execute(statement, {"now": time.time()})).mappings()
            return [_announced(row) for row in rows]

        return await self._database.read(select)


async def _lock(connection: AsyncConnection, who: str) -> None:
    """Lets other transactions wait that add rows of this person: they must count the rows of this
    transaction.
    """
    row = sa.select(person.c.id).where(person.c.id == who)
    await connection.execute(row.with_for_update(key_share=True))


def _is_open(now: float) -> sa.ColumnElement[bool]:
    return table.c.starts_at > now - OPEN_FOR


def _announced(row: sa.RowMapping) -> Announced:
    values = {name: row[name] for name in table.c.keys()}
    if row["secret"]:
        values["room"] = None
    record = AnnouncementRecord(**values)
    by = Who(record.person, row["name"], row["colour"], row["handle"])
    return Announced(record, by, bool(row["reminded"]), row["reminders"])
