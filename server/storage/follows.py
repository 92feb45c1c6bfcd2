"""Stores which person follows which person. Only the number of followers is public. Each person can
read the list of people whom the person follows.
"""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.among import select_among
from server.storage.database import Database
from server.storage.people import PERSON_COLUMNS, PersonRecord
from server.storage.schema.people import follow, hidden, person
from server.storage.schema.rooms import room
from server.storage.schema.upsert import insert
from server.storage.steps import STEP

MAX_FOLLOWS = 2_000
"""Maximum number of people whom one person follows."""


class TooManyFollows(Exception):
    """The person follows MAX_FOLLOWS people."""


class FollowStore:
    """The stored follows. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, follower: str, followed: str, now: float) -> int | None:
        """Stores that one person follows another person. Changes nothing if the follow is stored
        already. Returns the number of followers; None if there is no such person. Raises
        TooManyFollows.
        """

        async def work(connection: AsyncConnection) -> int | None:
            if not await _exists(connection, followed):
                return None
            if await _count(connection, follow.c.follower == follower) >= MAX_FOLLOWS:
                known = sa.and_(follow.c.follower == follower, follow.c.followed == followed)
                if not await _count(connection, known):
                    raise TooManyFollows
            added = await connection.execute(
                insert(connection, follow)
                .values(follower=follower, followed=followed, at=now)
                .on_conflict_do_nothing(index_elements=["follower", "followed"])
            )
            if added.rowcount:
                await change_followers(connection, [followed], 1)
            return await _followers(connection, followed)

        return await self._database.write(work)

    async def remove(self, follower: str, followed: str) -> int:
        """Deletes what `add` stored. Returns the number of followers."""

        async def work(connection: AsyncConnection) -> int:
            removed = await connection.execute(
                follow.delete().where(follow.c.follower == follower, follow.c.followed == followed)
            )
            if removed.rowcount:
                await change_followers(connection, [followed], -1)
            return await _followers(connection, followed)

        return await self._database.write(work)

    async def followers(self, followed: str) -> int:
        """Returns the number of people who follow this person."""
        return await self._database.read(lambda connection: _followers(connection, followed))

    async def followers_among(self, followed: str, people: Collection[str]) -> frozenset[str]:
        """Returns the people in `people` who follow the person `followed`."""
        return await select_among(
            self._database, follow.c.follower, people, follow.c.followed == followed
        )

    async def count_live(self, follower: str) -> int:
        """Returns the number of followed people who have a public live, and whom the follower does
        not hide.
        """
        hides = sa.exists().where(hidden.c.person == follower, hidden.c.hidden == follow.c.followed)
        statement = (
            sa.select(sa.func.count(sa.distinct(room.c.owner)))
            .join(follow, follow.c.followed == room.c.owner)
            .where(
                follow.c.follower == follower,
                room.c.ended_at.is_(None),
                room.c.live_at.is_not(None),
                room.c.visibility == "public",
                ~hides,
            )
        )

        async def count(connection: AsyncConnection) -> int:
            return int(await connection.scalar(statement) or 0)

        return await self._database.read(count)

    async def followed_by(self, follower: str) -> list[PersonRecord]:
        """Returns the people whom this person follows, the latest first."""
        statement = (
            sa.select(*PERSON_COLUMNS)
            .join(follow, follow.c.followed == person.c.id)
            .where(follow.c.follower == follower, person.c.deleted_at.is_(None))
            .order_by(follow.c.at.desc())
            .limit(MAX_FOLLOWS)
        )

        async def work(connection: AsyncConnection) -> list[PersonRecord]:
            rows = (await connection.execute(statement)).mappings()
            return [PersonRecord(**row) for row in rows]

        return await self._database.read(work)


async def forget_follower(database: Database, follower: str) -> None:
    """Deletes all rows that say whom a person follows, in short transactions."""
    step = sa.select(follow.c.followed).where(follow.c.follower == follower).limit(STEP)
    statement = (
        follow.delete()
        .where(follow.c.follower == follower, follow.c.followed.in_(step))
        .returning(follow.c.followed)
    )

    async def forget(connection: AsyncConnection) -> int:
        followed = list(await connection.scalars(statement))
        await change_followers(connection, followed, -1)
        return len(followed)

    while await database.write(forget):
        pass


async def change_followers(
    connection: AsyncConnection, followed: Sequence[str], number: int
) -> None:
    """Adds `number` to the stored number of followers of each person in `followed`. Call this
    function in the transaction that adds or deletes the rows. The number is stored, because it
    takes long to count many rows.
    """
    await connection.execute(
        person.update()
        .where(person.c.id.in_(followed))
        .values(followers=person.c.followers + number)
    )


async def _followers(connection: AsyncConnection, followed: str) -> int:
    statement = sa.select(person.c.followers).where(person.c.id == followed)
    return int(await connection.scalar(statement) or 0)


async def _exists(connection: AsyncConnection, id: str) -> bool:
    statement = sa.select(person.c.id).where(person.c.id == id, person.c.deleted_at.is_(None))
    return (await connection.execute(statement)).first() is not None


async def _count(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> int:
    statement = sa.select(sa.func.count()).select_from(follow).where(which)
    return int(await connection.scalar(statement) or 0)
