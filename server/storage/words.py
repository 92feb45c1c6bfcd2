"""The words for which messages are held for the creator."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.moderation_change import change
from server.storage.moderation_log import LogRecord
from server.storage.schema.moderation import word as table


class WordStore:
    """The words of all creators. `creator`: see ModerationStore. Every method raises StorageError
    if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_creator(self, creator: str) -> tuple[str, ...]:
        return await self._database.read(lambda connection: read_words(connection, creator))

    async def replace(self, creator: str, log: LogRecord, words: Iterable[str]) -> None:
        """Replaces the words of the creator."""
        rows = [{"creator": creator, "word": word} for word in words]

        async def replace(connection: AsyncConnection) -> None:
            await connection.execute(table.delete().where(table.c.creator == creator))
            if rows:
                await connection.execute(table.insert(), rows)

        await change(self._database, creator, log, replace)


async def read_words(connection: AsyncConnection, creator: str) -> tuple[str, ...]:
    return tuple(
        await connection.scalars(
            sa.select(table.c.word).where(table.c.creator == creator).order_by(table.c.word)
        )
    )
