"""The polls of rooms in the database, with the vote of each person."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.chat import poll as table
from server.storage.schema.chat import vote as votes
from server.storage.schema.upsert import upsert


@dataclass(frozen=True, slots=True)
class PollRecord:
    room: str
    id: str
    """Id of the poll, unique within its room."""
    question: str
    answers: Sequence[str]
    opened_at: float
    """Time at which the poll opened, Unix seconds."""
    closed_at: float | None = None
    """Time at which the poll was closed, Unix seconds; None while the poll is open."""
    media_time: int = 0
    """Media time at which the poll opened, µs."""


class PollStore:
    """The polls of all servers that share the database. Every method raises StorageError if the
    database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: PollRecord) -> None:
        async def add(connection: AsyncConnection) -> None:
            await connection.execute(
                table.insert().values(
                    room=record.room,
                    id=record.id,
                    question=record.question,
                    answers=json.dumps(list(record.answers), ensure_ascii=False),
                    opened_at=record.opened_at,
                    media_time=record.media_time,
                )
            )

        await self._database.write(add)

    async def vote(self, room: str, poll: str, person: str, answer: int) -> None:
        """Stores the vote of a person. An earlier vote of the person is replaced."""

        async def vote(connection: AsyncConnection) -> None:
            await connection.execute(
                upsert(connection, votes, room=room, poll=poll, person=person, answer=answer)
            )

        await self._database.write(vote)

    async def close(self, room: str, poll: str, at: float) -> None:
        """Stores the time at which a poll was closed. Later calls change nothing."""

        async def close(connection: AsyncConnection) -> None:
            await connection.execute(
                table.update()
                .where(table.c.room == room, table.c.id == poll, table.c.closed_at.is_(None))
                .values(closed_at=at)
            )

        await self._database.write(close)

    async def of_room(self, room: str) -> list[PollRecord]:
        """Returns the polls of a room, the oldest first, without votes."""
        return await self._database.read(lambda connection: select_polls(connection, room))

    async def votes(self, room: str, poll: str) -> dict[str, int]:
        """Returns the answer of each person who has voted in a poll."""

        async def select(connection: AsyncConnection) -> dict[str, int]:
            rows = await connection.execute(
                sa.select(votes.c.person, votes.c.answer).where(
                    votes.c.room == room, votes.c.poll == poll
                )
            )
            return {person: answer for person, answer in rows}

        return await self._database.read(select)


async def select_polls(connection: AsyncConnection, room: str) -> list[PollRecord]:
    """Returns the polls of a room, the oldest first, without votes."""
    rows = await connection.execute(
        table.select().where(table.c.room == room).order_by(table.c.opened_at, table.c.id)
    )
    return [
        PollRecord(
            row["room"],
            row["id"],
            row["question"],
            json.loads(row["answers"]),
            row["opened_at"],
            row["closed_at"],
            row["media_time"] or 0,
        )
        for row in rows.mappings()
    ]


async def count_votes(connection: AsyncConnection, room: str) -> dict[tuple[str, int], int]:
    """Returns the numbers of votes in a room, by poll and by index of the answer."""
    rows = await connection.execute(
        sa.select(votes.c.poll, votes.c.answer, sa.func.count())
        .where(votes.c.room == room)
        .group_by(votes.c.poll, votes.c.answer)
    )
    return {(poll, answer): number for poll, answer, number in rows}
