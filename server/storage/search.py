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

    async def find(
        self, kinds: Sequence[str], grams: Sequence[str], limit: int
    ) -> dict[str, list[str]]:
        """Returns items that have all grams, by kind, the latest first: at most `limit` of each
        kind. `grams`: one at least. The caller checks that an item is public and contains the whole
        query.
        """

        async def select(connection: AsyncConnection) -> dict[str, list[str]]:
            found: dict[str, list[str]] = {kind: [] for kind in kinds}
            for kind, counted in (await _counts(connection, kinds, grams)).items():
                if all(counted):
                    ordered = [gram for _, gram in sorted(zip(counted, grams, strict=True))]
                    statement = _with_all(kind, ordered[0], ordered[1:], limit)
                    found[kind] = list(await connection.scalars(statement))
            return found

        return await self._database.read(select)


async def _counts(
    connection: AsyncConnection, kinds: Sequence[str], grams: Sequence[str]
) -> dict[str, list[int]]:
    """Returns how many items of each kind have each gram; COUNTED if there are more."""
    columns = [
        _count(kind, gram).label(f"c{number}")
        for number, (kind, gram) in enumerate((kind, gram) for kind in kinds for gram in grams)
    ]
    row = list((await connection.execute(sa.select(*columns))).one())
    size = len(grams)
    return {kind: row[at * size : (at + 1) * size] for at, kind in enumerate(kinds)}


def _count(kind: str, gram: str) -> sa.ScalarSelect[int]:
    some = (
        sa.select(sa.literal(1))
        .select_from(table)
        .where(table.c.gram == gram, table.c.kind == kind)
        .limit(COUNTED)
        .subquery()
    )
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def _with_all(kind: str, rarest: str, others: Sequence[str], limit: int) -> sa.Select[Any]:
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
