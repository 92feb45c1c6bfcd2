"""The tastes of people, which the feed uses."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.discovery import taste as table
from server.storage.schema.upsert import upsert

MAX_VALUE = 2_048
"""Maximum size of a taste, bytes of UTF-8."""


# Make this statement only once: SQLAlchemy needs longer to make a statement than to execute it.
_OF_PERSON = sa.select(table.c.value, table.c.personal).where(table.c.person == sa.bindparam("who"))


@dataclass(frozen=True, slots=True)
class TasteRecord:
    value: str
    """JSON (server/feed/taste.py); empty if nothing is stored."""
    personal: bool = True
    """Whether the feed of the person may use the taste."""


class TasteStore:
    """The tastes. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, person: str) -> TasteRecord:
        """Returns the taste of a person; an empty one if nothing is stored."""
        rows = await self._database.select(_OF_PERSON, {"who": person})
        return TasteRecord(rows[0][0], bool(rows[0][1])) if rows else TasteRecord("")

    async def put(self, person: str, value: str, now: float) -> None:
        """Stores the taste of a person. `value`: at most MAX_VALUE bytes."""
        assert len(value.encode()) <= MAX_VALUE

        async def put(connection: AsyncConnection) -> None:
            await connection.execute(upsert(connection, table, person=person, value=value, at=now))

        await self._database.write(put)

    async def set_personal(self, person: str, personal: bool, now: float) -> None:
        async def put(connection: AsyncConnection) -> None:
            await connection.execute(
                upsert(connection, table, person=person, personal=personal, at=now)
            )

        await self._database.write(put)

    async def forget(self, person: str, now: float) -> None:
        """Deletes what is known about the taste of a person. The choice `personal` remains."""

        async def forget(connection: AsyncConnection) -> None:
            await connection.execute(
                table.update().where(table.c.person == person).values(value="", at=now)
            )

        await self._database.write(forget)
