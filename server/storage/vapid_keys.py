"""The key with which all servers of a database sign their pushes. Browsers subscribe for this key,
so a new key would end all subscriptions.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.discovery import vapid_key as table
from server.storage.schema.upsert import insert

NUMBER = 1
"""Number of the only row."""


class VapidKeyStore:
    """The stored key. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def provide(self, new: bytes, now: float) -> bytes:
        """Returns the key. Stores `new` as the key if there is none. Servers that start at the same
        time thus use the same key.
        """
        key = sa.select(table.c.private_key).where(table.c.number == NUMBER)

        async def work(connection: AsyncConnection) -> bytes:
            await connection.execute(
                insert(connection, table)
                .values(number=NUMBER, private_key=new, created_at=now)
                .on_conflict_do_nothing(index_elements=["number"])
            )
            return bytes(await connection.scalar(key) or b"")

        found = await self._database.read(lambda connection: connection.scalar(key))
        return bytes(found) if found is not None else await self._database.write(work)
