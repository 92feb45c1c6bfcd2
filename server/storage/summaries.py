"""Reads the figures of ended lives from the database."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.polls import count_votes, select_polls
from server.storage.schema.chat import message, reaction_second
from server.storage.schema.people import follow
from server.storage.summary_records import (
    HeartRecord,
    ResultRecord,
    SummaryRecord,
    TalkerRecord,
    WindowRecord,
)

ANY = "any"
"""Value of the column `emoji` in rows that count all emoji together."""
MAX_TALKERS = 5


class SummaryStore:
    """The figures of the lives of all servers that share the database. Every method raises
    StorageError if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hearts(self, room: str, first: int, step: int) -> HeartRecord:
        """Returns the taps during a live, per `step` seconds from the second `first` of media time
        on. Earlier taps count in the step 0.
        """
        table = reaction_second

        async def read(connection: AsyncConnection) -> HeartRecord:
            emoji = await connection.execute(
                sa.select(table.c.emoji, sa.func.sum(table.c.taps))
                .where(table.c.room == room, table.c.emoji != ANY)
                .group_by(table.c.emoji)
            )
            late = sa.case((table.c.second < first, 0), else_=table.c.second - first)
            index = late // sa.literal_column(str(int(step)))
            steps = await connection.execute(
                sa.select(index, sa.func.sum(table.c.taps))
                .where(table.c.room == room, table.c.emoji == ANY)
                .group_by(index)
            )
            return HeartRecord(
                {name: int(taps) for name, taps in emoji},
                {int(step): int(taps) for step, taps in steps},
            )

        return await self._database.read(read)

    async def read(
        self, room: str, owner: str | None, window: int, began_at: float, ended_at: float
    ) -> SummaryRecord:
        """Returns the figures for the creator. `owner`: id of the creator; None if a program
        created the room. `window`: seconds of a window. `began_at`, `ended_at`: the period in
        which new followers count, Unix seconds.
        """

        async def read(connection: AsyncConnection) -> SummaryRecord:
            return SummaryRecord(
                await _count_messages(connection, room),
                await _best_window(connection, room, window),
                await _talkers(connection, room, owner),
                await _new_followers(connection, owner, began_at, ended_at) if owner else 0,
                await _results(connection, room),
            )

        return await self._database.read(read)


_SHOWN = (message.c.kind == "chat") & (message.c.state == "shown")


async def _count_messages(connection: AsyncConnection, room: str) -> int:
    number = await connection.execute(
        sa.select(sa.func.count()).where(message.c.room == room, _SHOWN)
    )
    return int(number.scalar_one())


async def _best_window(connection: AsyncConnection, room: str, window: int) -> WindowRecord | None:
    table = reaction_second
    begin = table.c.second - table.c.second % sa.literal_column(str(int(window)))
    people, taps = sa.func.sum(table.c.first_people), sa.func.sum(table.c.taps)
    found = await connection.execute(
        sa.select(begin, taps, people)
        .where(table.c.room == room, table.c.emoji == ANY)
        .group_by(begin)
        .order_by(people.desc(), taps.desc(), begin)
        .limit(1)
    )
    row = found.first()
    return None if row is None else WindowRecord(int(row[0]), int(row[1]), int(row[2]))


async def _talkers(connection: AsyncConnection, room: str, owner: str | None) -> list[TalkerRecord]:
    number, last = sa.func.count(), sa.func.max(message.c.sequence)
    most = (
        sa.select(number.label("number"), last.label("last"))
        .where(
            message.c.room == room,
            _SHOWN,
            message.c.person.is_not(None),
            message.c.person != (owner or ""),
            message.c.role != "creator",
        )
        .group_by(message.c.person)
        .order_by(number.desc(), last.desc())
        .limit(MAX_TALKERS)
        .subquery()
    )
    rows = await connection.execute(
        sa.select(
            message.c.person, message.c.name, message.c.colour, message.c.handle, most.c.number
        )
        .join(most, message.c.sequence == most.c.last)
        .where(message.c.room == room)
        .order_by(most.c.number.desc(), most.c.last.desc())
    )
    return [TalkerRecord(*row) for row in rows]


async def _new_followers(
    connection: AsyncConnection, owner: str, began_at: float, ended_at: float
) -> int:
    number = await connection.execute(
        sa.select(sa.func.count()).where(
            follow.c.followed == owner, follow.c.at.between(began_at, ended_at)
        )
    )
    return int(number.scalar_one())


async def _results(connection: AsyncConnection, room: str) -> list[ResultRecord]:
    votes = await count_votes(connection, room)
    return [
        ResultRecord(
            poll.question,
            poll.answers,
            [votes.get((poll.id, answer), 0) for answer in range(len(poll.answers))],
            poll.opened_at,
        )
        for poll in await select_polls(connection, room)
    ]
