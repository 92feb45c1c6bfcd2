"""Everything that belongs to one live, and its deletion."""

import time
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.discarded import clip_prefix, discard, live_prefix
from server.storage.items import forget_items
from server.storage.schema import metadata
from server.storage.schema.media import clip, recording, recording_piece, recording_segment
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

MEDIA_STEP = 20
"""Maximum number of recordings, and of clips, that one transaction deletes with a person."""


class LiveData:
    """The data of lives. Raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def delete(self, room: str) -> None:
        """Deletes a live with all that belongs to it, in one transaction. Undecided reports are
        kept, so that a creator cannot evade a report by deleting the live.
        """

        async def delete(connection: AsyncConnection) -> None:
            await delete_lives(connection, [room], time.time())

        await self._database.write(delete)


async def delete_lives(connection: AsyncConnection, rooms: Iterable[str], now: float) -> None:
    names = list(rooms)
    clips = await connection.scalars(sa.select(clip.c.id).where(clip.c.room.in_(names)))
    await forget_items(connection, [*names, *clips])
    await _discard_media(connection, recording.c.room.in_(names), clip.c.room.in_(names), now)
    for table in LIVE_TABLES:
        await connection.execute(table.delete().where(table.c.room.in_(names)))
    for table in CREATOR_TABLES:
        creators = [f"room:{name}" for name in names]
        await connection.execute(table.delete().where(table.c.creator.in_(creators)))
    await connection.execute(
        report.delete().where(report.c.room.in_(names), report.c.state != "open")
    )
    await connection.execute(room_table.delete().where(room_table.c.room.in_(names)))


async def delete_media(
    connection: AsyncConnection, rooms: Sequence[str], clips: Sequence[str], now: float
) -> None:
    """Deletes recordings and clips, and discards their objects."""
    await _discard_media(connection, recording.c.room.in_(rooms), clip.c.id.in_(clips), now)
    for table in (recording_segment, recording_piece, recording):
        await connection.execute(table.delete().where(table.c.room.in_(rooms)))
    await forget_items(connection, clips)
    await connection.execute(clip.delete().where(clip.c.id.in_(clips)))


async def delete_media_of(connection: AsyncConnection, person: str, now: float) -> bool:
    """Deletes the recordings and clips of the lives of a person, and the clips that the person
    made, with their objects. Returns whether there may be more recordings or clips to delete. Call
    this function before the person is removed from the rooms.
    """
    owned = sa.select(room_table.c.room).where(room_table.c.owner == person)
    of_owned = sa.select(recording.c.room).where(recording.c.room.in_(owned)).limit(MEDIA_STEP)
    of_person = (
        sa.select(clip.c.id)
        .where(sa.or_(clip.c.creator == person, clip.c.person == person))
        .limit(MEDIA_STEP)
    )
    rooms = list(await connection.scalars(of_owned))
    clips = list(await connection.scalars(of_person))
    await delete_media(connection, rooms, clips, now)
    return bool(rooms or clips)


async def _discard_media(
    connection: AsyncConnection,
    recordings: sa.ColumnElement[bool],
    clips: sa.ColumnElement[bool],
    now: float,
) -> None:
    """Discards the objects of the recordings and clips that match the conditions. The caller
    deletes the rows in the same transaction.
    """
    rooms = await connection.scalars(sa.select(recording.c.room).where(recordings))
    prefixes = [live_prefix(room) for room in rooms]
    ids = await connection.scalars(sa.select(clip.c.id).where(clips))
    await discard(connection, [*prefixes, *(clip_prefix(id) for id in ids)], now)


async def ended_rooms(connection: AsyncConnection, before: float, limit: int) -> list[str]:
    """Returns rooms that ended before `before` (Unix seconds)."""
    statement = sa.select(room_table.c.room).where(room_table.c.ended_at < before).limit(limit)
    return list(await connection.scalars(statement))
