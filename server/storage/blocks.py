"""The networks that the operator has blocked."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.rooms import block as table
from server.storage.schema.upsert import upsert


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """A network that the operator has blocked."""

    network: str
    """The network in CIDR notation."""
    until: float
    """Time at which the block ends, Unix seconds."""
    reason: str


class BlockStore:
    """The blocks in the database. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, block: BlockRecord) -> None:
        """Stores a block. A stored block of the same network is replaced."""

        async def add(connection: AsyncConnection) -> None:
            await connection.execute(
                upsert(
                    connection,
                    table,
                    network=block.network,
                    until=block.until,
                    reason=block.reason,
                )
            )

        await self._database.write(add)

    async def remove(self, network: str) -> None:
        async def remove(connection: AsyncConnection) -> None:
            await connection.execute(table.delete().where(table.c.network == network))

        await self._database.write(remove)

    async def active(self, now: float) -> list[BlockRecord]:
        """Returns the blocks that have not expired at `now` (Unix seconds). Deletes the expired
        blocks.
        """

        async def active(connection: AsyncConnection) -> list[BlockRecord]:
            await connection.execute(table.delete().where(table.c.until <= now))
            rows = (await connection.execute(table.select())).mappings()
            return [BlockRecord(**row) for row in rows]

        return await self._database.write(active)
