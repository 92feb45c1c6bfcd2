"""The prefixes of objects that no row names any more.

A transaction that deletes the rows of a recording or a clip also adds the prefix of its objects
here. `server.media.sweeping` deletes the objects and then the prefix. Therefore, a crash in between
leaves no object without a row.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.media import discarded
from server.storage.schema.upsert import insert


def live_prefix(room: str) -> str:
    """Returns the start of the object keys of a recording."""
    return f"lives/{room}/"


def clip_prefix(clip: str) -> str:
    """Returns the start of the object keys of a clip, with all revisions."""
    return f"clips/{clip}/"


async def discard(connection: AsyncConnection, prefixes: Iterable[str], now: float) -> None:
    """Adds prefixes, within the transaction that deletes the rows of these objects."""
    rows = [{"prefix": prefix, "at": now} for prefix in prefixes]
    if rows:
        statement = insert(connection, discarded).on_conflict_do_nothing(index_elements=["prefix"])
        await connection.execute(statement, rows)


class DiscardedStore:
    """The discarded prefixes. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def oldest(self, most: int) -> list[str]:
        """Returns the prefixes that were discarded first, at most `most`."""
        statement = sa.select(discarded.c.prefix).order_by(discarded.c.at).limit(most)

        async def select(connection: AsyncConnection) -> list[str]:
            return list(await connection.scalars(statement))

        return await self._database.read(select)

    async def forget(self, prefix: str) -> None:
        """Deletes a prefix under which no object is left."""

        async def delete(connection: AsyncConnection) -> None:
            await connection.execute(discarded.delete().where(discarded.c.prefix == prefix))

        await self._database.write(delete)
