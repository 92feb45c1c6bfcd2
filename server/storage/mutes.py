"""The mutes of people in one room."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.moderation_change import change
from server.storage.moderation_log import LogRecord
from server.storage.schema.moderation import mute as table
from server.storage.schema.upsert import upsert
from server.storage.who import Who, select_named

MAX_LISTED = 500
"""Maximum number of mutes in a list."""


@dataclass(frozen=True, slots=True)
class MuteRecord:
    person: Who
    until: float
    at: float
    by: Who | None


class MuteStore:
    """The mutes of all rooms. `creator`: see ModerationStore. Every method raises StorageError if
    the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_room(self, name: str, now: float) -> list[MuteRecord]:
        """Returns the mutes that are in force at `now`, the newest first."""
        found = await select_named(
            self._database,
            table.c.person,
            table.c.made_by,
            table.c.room == name,
            table.c.until > now,
            order=table.c.at,
            limit=MAX_LISTED,
        )
        return [
            MuteRecord(one.person, one.row["until"], one.row["at"], one.other)
            for one in found
            if one.person is not None
        ]

    async def add(self, creator: str, log: LogRecord, who: str, until: float) -> None:
        """Mutes a person until `until` (Unix seconds). Replaces an earlier mute."""

        async def add(connection: AsyncConnection) -> None:
            values = {"made_by": log.moderator, "at": log.at, "until": until}
            await connection.execute(upsert(connection, table, room=log.room, person=who, **values))

        await change(self._database, creator, log, add)

    async def remove(self, creator: str, log: LogRecord, who: str) -> None:
        async def remove(connection: AsyncConnection) -> None:
            await connection.execute(
                table.delete().where(table.c.room == log.room, table.c.person == who)
            )

        await change(self._database, creator, log, remove)


async def read_mutes(connection: AsyncConnection, name: str, now: float) -> dict[str, float]:
    """Returns the ends of the mutes that are in force at `now`, by person."""
    found = await connection.execute(
        sa.select(table.c.person, table.c.until).where(table.c.room == name, table.c.until > now)
    )
    return {row.person: row.until for row in found}
