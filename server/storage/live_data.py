"""Everything that belongs to one live, and its deletion."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema import metadata
from server.storage.schema.moderation import report
from server.storage.schema.rooms import room as room_table

LIVE_TABLES = tuple(
    table
    for table in metadata.sorted_tables
    if "room" in table.c and table not in (room_table, report)
)
"""The tables whose rows belong to one live. The room itself is deleted last."""
CREATOR_TABLES = tuple(table for table in metadata.sorted_tables if "creator" in table.c)
"""The tables with a column for the creator. If a room has no owner, this column contains the room
instead.
"""


class LiveData:
    """The data of lives. Raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def delete(self, room: str) -> None:
        """Deletes a live with all that belongs to it, in one transaction. Undecided reports are
        kept, so that a creator cannot evade a report by deleting the live.
        """

        async def delete(connection: AsyncConnection) -> None:
            await delete_lives(connection, [room])

        await self._database.write(delete)


async def delete_lives(connection: AsyncConnection, rooms: Iterable[str]) -> None:
    names = list(rooms)
    for table in LIVE_TABLES:
        await connection.execute(table.delete().where(table.c.room.in_(names)))
    for table in CREATOR_TABLES:
        creators = [f"room:{name}" for name in names]
        await connection.execute(table.delete().where(table.c.creator.in_(creators)))
    await connection.execute(
        report.delete().where(report.c.room.in_(names), report.c.state != "open")
    )
    await connection.execute(room_table.delete().where(room_table.c.room.in_(names)))


async def ended_rooms(connection: AsyncConnection, before: float, limit: int) -> list[str]:
    """Returns rooms that ended before `before` (Unix seconds)."""
    statement = sa.select(room_table.c.room).where(room_table.c.ended_at < before).limit(limit)
    return list(await connection.scalars(statement))
