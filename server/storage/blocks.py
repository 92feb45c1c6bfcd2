"""The networks that the operator has blocked."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.moderation_change import raise_revision
from server.storage.schema.moderation import moderation_state
from server.storage.schema.rooms import block as table
from server.storage.schema.upsert import upsert

BLOCKS = "blocks"
"""Stands in the table of changes for the blocks, in the place of a creator."""
CHANGES_KEPT = 3_600.0
"""Seconds for which the change of one block is kept. Other servers read it within seconds."""


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

    async def add(self, block: BlockRecord, now: float, *, end_rooms: bool = False) -> None:
        """Stores a block. A stored block of the same network is replaced. `end_rooms`: whether
        other servers end the rooms that clients of the network created.
        """

        async def add(connection: AsyncConnection) -> None:
            await raise_revision(connection, BLOCKS, now)
            if end_rooms:
                await raise_revision(connection, change_of(block.network), now)
            await connection.execute(_forget_changes(now - CHANGES_KEPT))
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

    async def remove(self, network: str, now: float) -> None:
        async def remove(connection: AsyncConnection) -> None:
            await raise_revision(connection, BLOCKS, now)
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


def change_of(network: str) -> str:
    """Returns what stands in the table of changes for a block that ends rooms."""
    return f"{BLOCKS}:{network}"


def network_of(change: str) -> str | None:
    """Returns the network of a change that ends rooms; None for other changes."""
    return change.removeprefix(f"{BLOCKS}:") if change.startswith(f"{BLOCKS}:") else None


def _forget_changes(before: float) -> sa.Delete:
    """Deletes the changes of single blocks that are older than `before`."""
    return moderation_state.delete().where(
        moderation_state.c.creator.startswith(f"{BLOCKS}:", autoescape=True),
        moderation_state.c.changed_at < before,
    )
