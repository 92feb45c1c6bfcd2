"""The people whom creators have made moderators."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.among import select_among
from server.storage.database import Database
from server.storage.moderation_change import change
from server.storage.moderation_log import LogRecord
from server.storage.schema.moderation import moderator as table
from server.storage.schema.upsert import insert
from server.storage.who import Who, select_named

MAX_MODERATORS = 50


class TooManyModerators(Exception):
    """The creator has MAX_MODERATORS moderators."""


class ModeratorStore:
    """The moderators of all creators. `creator`: see ModerationStore. Every method raises
    StorageError if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_creator(self, creator: str) -> list[Who]:
        """Returns the moderators, the newest first."""
        found = await select_named(
            self._database,
            table.c.person,
            None,
            table.c.creator == creator,
            order=table.c.at,
            limit=MAX_MODERATORS,
        )
        return [one.person for one in found if one.person is not None]

    async def includes(self, creator: str, who: str) -> bool:
        """Whether the person is a moderator of the creator."""
        statement = sa.select(table.c.at).where(table.c.creator == creator, table.c.person == who)

        async def find(connection: AsyncConnection) -> bool:
            return await connection.scalar(statement) is not None

        return await self._database.read(find)

    async def among(self, creator: str, people: Collection[str]) -> frozenset[str]:
        """Returns the people in `people` who are moderators of the creator."""
        return await select_among(
            self._database, table.c.person, people, table.c.creator == creator
        )

    async def add(self, creator: str, log: LogRecord, who: str) -> None:
        """Makes a person a moderator. Raises TooManyModerators."""

        async def add(connection: AsyncConnection) -> None:
            await connection.execute(
                insert(connection, table)
                .values(creator=creator, person=who, at=log.at)
                .on_conflict_do_nothing()
            )
            if len(await read_moderators(connection, creator)) > MAX_MODERATORS:
                raise TooManyModerators

        await change(self._database, creator, log, add)

    async def remove(self, creator: str, log: LogRecord, who: str) -> None:
        async def remove(connection: AsyncConnection) -> None:
            await connection.execute(
                table.delete().where(table.c.creator == creator, table.c.person == who)
            )

        await change(self._database, creator, log, remove)


async def read_moderators(connection: AsyncConnection, creator: str) -> frozenset[str]:
    return frozenset(
        await connection.scalars(sa.select(table.c.person).where(table.c.creator == creator))
    )
