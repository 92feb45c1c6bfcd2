"""When the followers of each creator were last told that the creator is live. The row of a creator
decides which server tells them, and how often.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.discovery import pushed as table
from server.storage.schema.people import person
from server.storage.schema.upsert import insert

AGAIN_AFTER = 30 * 60.0
"""Seconds between two pushes about one creator."""
SKEW = 60.0
"""Maximum difference between the clocks of two servers, seconds. A row from later than this comes
from a clock that was wrong, and must not keep the creator silent.
"""


class PushedStore:
    """The times of the last pushes. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, creator: str, now: float) -> str | None:
        """Stores that the followers of a creator get a push now. Returns the name of the creator.
        Returns None if the followers got a push lately, by this server or another one, or if the
        creator is not stored or leaves.
        """
        name = sa.select(person.c.name).where(person.c.id == creator, person.c.delete_at.is_(None))

        async def claim(connection: AsyncConnection) -> str | None:
            found = await connection.scalar(name)
            if found is None:
                return None
            statement = (
                insert(connection, table)
                .values(creator=creator, at=now)
                .on_conflict_do_update(
                    index_elements=["creator"],
                    set_={"at": now},
                    where=sa.or_(table.c.at <= now - AGAIN_AFTER, table.c.at > now + SKEW),
                )
            )
            changed = (await connection.execute(statement)).rowcount
            return str(found) if changed else None

        return await self._database.write(claim)
