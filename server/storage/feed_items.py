"""What viewers of the feed did with lives, clips and replays, summed over all servers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.discovery import feed_item as table
from server.storage.schema.upsert import insert

STEP = 500
"""Maximum number of items in one statement."""


@dataclass(frozen=True, slots=True)
class FeedSums:
    """The sums of one item. In `FeedItemStore.add`, what is added to the stored sums."""

    kind: str
    """`live`, `clip` or `replay`."""
    item: str
    impressions: int = 0
    stays: int = 0
    skips: int = 0
    seconds: float = 0.0
    first_at: float = 0.0
    """Time of the first impression, Unix seconds."""


class FeedItemStore:
    """The sums. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, sums: Sequence[FeedSums], now: float) -> None:
        """Adds to the stored sums. Each item occurs once in `sums`."""
        rows = [
            {name: getattr(one, name) for name in FeedSums.__dataclass_fields__}
            | {"first_at": one.first_at or now, "at": now}
            # All servers lock the rows in the same order.
            for one in sorted(sums, key=lambda one: (one.kind, one.item))
        ]

        async def add(connection: AsyncConnection) -> None:
            for first in range(0, len(rows), STEP):
                await connection.execute(_add(connection, rows[first : first + STEP]))

        if rows:
            await self._database.write(add)

    async def find(self, items: Collection[tuple[str, str]]) -> dict[tuple[str, str], FeedSums]:
        """Returns the sums of items, by kind and id. An item that was never shown is left out."""
        wanted = set(items)
        ids = sorted({item for _, item in wanted})
        columns = [table.c[name] for name in FeedSums.__dataclass_fields__]
        found: dict[tuple[str, str], FeedSums] = {}
        for first in range(0, len(ids), STEP):
            statement = sa.select(*columns).where(table.c.item.in_(ids[first : first + STEP]))

            async def select(
                connection: AsyncConnection, statement: sa.Select[Any] = statement
            ) -> list[FeedSums]:
                return [FeedSums(*row) for row in await connection.execute(statement)]

            for one in await self._database.read(select):
                found[one.kind, one.item] = one
        return {key: found[key] for key in wanted & found.keys()}


def _add(connection: AsyncConnection, rows: list[dict[str, Any]]) -> sa.Insert:
    statement = insert(connection, table).values(rows)
    new = statement.excluded
    sums = ("impressions", "stays", "skips", "seconds")
    return statement.on_conflict_do_update(
        index_elements=["kind", "item"],
        set_={name: table.c[name] + new[name] for name in sums} | {"at": new.at},
    )
