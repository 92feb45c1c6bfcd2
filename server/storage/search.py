"""Finds public items by the pairs of characters in their names."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.discovery import search_gram as table

COUNTED = 2_000
"""Rows of each gram that are counted, to find the rarest gram."""
MAX_WALKED = 4_000
"""Items of the rarest gram that are read for one kind. The latest items are read."""


class SearchStore:
    """The grams of public items. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, kind: str, grams: Sequence[str], limit: int) -> list[str]:
        """Returns items of a kind that have all grams, the latest first. The caller checks that
        the item is public and contains the whole query.
        """
        if not grams:
            return []

        async def select(connection: AsyncConnection) -> list[str]:
            rarest, *others = await _rarest_first(connection, kind, grams)
            if rarest is None:
                return []
            return list(await connection.scalars(_with_all(kind, rarest, others, limit)))

        return await self._database.read(select)


async def _rarest_first(
    connection: AsyncConnection, kind: str, grams: Sequence[str]
) -> Sequence[str | None]:
    """Returns the grams, the one with the fewest items first; [None] if a gram has no items."""
    counts = [_count(kind, gram).label(f"c{number}") for number, gram in enumerate(grams)]
    row = (await connection.execute(sa.select(*counts))).one()
    if not all(row):
        return [None]
    return [gram for _, gram in sorted(zip(row, grams, strict=True))]


def _count(kind: str, gram: str) -> sa.ScalarSelect[int]:
    some = (
        sa.select(sa.literal(1))
        .select_from(table)
        .where(table.c.gram == gram, table.c.kind == kind)
        .limit(COUNTED)
        .subquery()
    )
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def _with_all(
    kind: str, rarest: str, others: Sequence[str | None], limit: int
) -> sa.Select[Any]:
    latest = (
        sa.select(table.c.item, table.c.at)
        .where(table.c.gram == rarest, table.c.kind == kind)
        .order_by(table.c.at.desc(), table.c.item.desc())
        .limit(MAX_WALKED)
        .subquery()
    )
    statement = sa.select(latest.c.item).order_by(latest.c.at.desc(), latest.c.item.desc())
    for number, gram in enumerate(others):
        other = table.alias(f"g{number}")
        statement = statement.where(
            sa.exists().where(
                other.c.gram == gram, other.c.kind == kind, other.c.item == latest.c.item
            )
        )
    return statement.limit(limit)
