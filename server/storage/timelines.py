"""Reads the messages and reactions of a part of a live from the database, by media time."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.bans import is_banned
from server.storage.database import Database
from server.storage.messages import SHOWN
from server.storage.schema.chat import message, reaction_second
from server.storage.schema.people import person
from server.storage.summaries import ANY
from server.storage.timeline_records import TimelineMessageRecord, TimelineRecord


class TimelineStore:
    """The timelines of the lives of all servers that share the database. Every method raises
    StorageError if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(
        self, room: str, creator: str, start: int, end: int, seconds: range, limit: int, now: float
    ) -> TimelineRecord:
        """Returns the first `limit` messages from `start` to before `end` (µs), and the taps in
        `seconds` of media time. Leaves out messages that viewers do not see, messages of people who
        are banned at `now`, and messages of people who are deleted or about to be deleted.
        `creator`: see ModerationStore.
        """

        async def read(connection: AsyncConnection) -> TimelineRecord:
            shown = (
                message.c.room == room,
                message.c.kind == "chat",
                message.c.state == SHOWN,
                message.c.media_time >= start,
                message.c.media_time < end,
                message.c.person.is_not(None),
                ~is_banned(message.c.person, creator, room, now),
                ~sa.exists().where(
                    person.c.id == message.c.person, person.c.delete_at.is_not(None)
                ),
            )
            return TimelineRecord(
                await _messages(connection, limit, *shown),
                await _hearts(connection, room, seconds),
            )

        return await self._database.read(read)


async def _messages(
    connection: AsyncConnection, limit: int, *shown: sa.ColumnElement[bool]
) -> list[TimelineMessageRecord]:
    table = message.c
    rows = await connection.execute(
        sa.select(
            table.media_time,
            table.sequence,
            table.person,
            table.name,
            table.colour,
            table.handle,
            table.role,
            table.body,
        )
        .where(*shown)
        .order_by(table.media_time, table.sequence)
        .limit(limit)
    )
    return [TimelineMessageRecord(*row) for row in rows]


async def _hearts(
    connection: AsyncConnection, room: str, seconds: range
) -> Mapping[int, Mapping[str, int]]:
    table = reaction_second.c
    rows = await connection.execute(
        sa.select(table.second, table.emoji, table.taps).where(
            table.room == room,
            table.second >= seconds.start,
            table.second < seconds.stop,
            table.emoji != ANY,
        )
    )
    hearts: dict[int, dict[str, int]] = {}
    for second, emoji, taps in rows:
        hearts.setdefault(int(second), {})[emoji] = int(taps)
    return hearts
