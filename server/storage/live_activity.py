"""What people do in the lives of each server at present, for the feed of the other servers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.rooms import live_activity as table
from server.storage.schema.upsert import insert

KEPT = 60.0
"""Age from which the figures of a live are deleted, seconds."""
STEP = 500
"""Maximum number of lives in one statement."""


@dataclass(frozen=True, slots=True)
class StoredActivity:
    """The figures of one live (server/social/activity.py)."""

    room: str
    viewers: int
    arrivals: int
    reactors: int
    usual_reactors: float
    answers: int


class LiveActivityStore:
    """The figures of lives. The method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, lives: Sequence[StoredActivity], now: float) -> None:
        """Stores the figures of lives, and deletes old ones. `now`: Unix seconds."""
        # All servers lock the rows in the same order.
        rows = [asdict(one) | {"at": now} for one in sorted(lives, key=lambda one: one.room)]

        async def store(connection: AsyncConnection) -> None:
            await connection.execute(table.delete().where(table.c.at < now - KEPT))
            for first in range(0, len(rows), STEP):
                statement = insert(connection, table).values(rows[first : first + STEP])
                new = {name: statement.excluded[name] for name in rows[0] if name != "room"}
                await connection.execute(
                    statement.on_conflict_do_update(index_elements=["room"], set_=new)
                )

        await self._database.write(store)
