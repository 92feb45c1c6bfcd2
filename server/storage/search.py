"""Finds public items by the pairs of characters in their names."""

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.recent import Recent
from server.storage.database import Database
from server.storage.items import LIVE, has_media
from server.storage.schema.discovery import search_gram as table

COUNTED = 2_000
"""Maximum number of items of a gram that are counted."""
COUNTS_KEPT = 600.0
"""Seconds for which a count is kept in memory. Counts only choose the gram that leads."""
MAX_COUNTS = 20_000
MAX_WALKED = 4_000
"""Items of the rarest gram that are read for one kind. The latest items are read."""


class SearchStore:
    """The grams of public items. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: Recent[str, tuple[float, int]] = Recent(MAX_COUNTS)
        """Time of the count, and the number of items, by gram."""

    async def find(
        self, kinds: Sequence[str], grams: Sequence[str], limit: int
    ) -> dict[str, list[str]]:
        """Returns items that have all grams, by kind, the latest first: at most `limit` of each
        kind. Leaves out lives that have ended without a recording. `grams`: one at least. The
        caller checks that an item is public and contains the whole query.
        """

        async def select(connection: AsyncConnection) -> dict[str, list[str]]:
            ordered = await self._rarest_first(connection, grams)
            statement = _with_all(len(ordered), MAX_WALKED)
            values: dict[str, Any] = {f"gram{at}": gram for at, gram in enumerate(ordered)}
            values["limit"] = limit
            return {
                kind: list(await connection.scalars(statement, {**values, "kind": kind}))
                for kind in kinds
            }

        return await self._database.read(select)

    async def _rarest_first(self, connection: AsyncConnection, grams: Sequence[str]) -> list[str]:
        """Returns the grams, the one with the fewest items of all kinds first."""
        if len(grams) == 1:
            return list(grams)
        now = asyncio.get_running_loop().time()
        counted = []
        for gram in grams:
            known = self._counts.get(gram)
            if known is None or now - known[0] >= COUNTS_KEPT:
                known = now, int(await connection.scalar(_COUNT, {"gram": gram}) or 0)
                self._counts.keep(gram, known)
            counted.append((known[1], gram))
        return [gram for _, gram in sorted(counted)]


# Make these statements only once: SQLAlchemy needs longer to make a statement than to execute it.
_SOME = (
    sa.select(sa.literal(1).label("one"))
    .select_from(table)
    .where(table.c.gram == sa.bindparam("gram"))
    .limit(COUNTED)
    .subquery()
)
_COUNT = sa.select(sa.func.count()).select_from(_SOME)


@cache
def _with_all(grams: int, walked: int) -> sa.Select[Any]:
    """Returns the statement for so many grams. The first gram is the rarest one."""
    kind = sa.bindparam("kind", type_=sa.Text)
    latest = (
        sa.select(table.c.item, table.c.at)
        .where(table.c.gram == sa.bindparam("gram0"), table.c.kind == kind)
        .order_by(table.c.at.desc(), table.c.item.desc())
        .limit(walked)
        .subquery()
    )
    statement = (
        sa.select(latest.c.item)
        .where(sa.or_(kind != LIVE, has_media(latest.c.item)))
        .order_by(latest.c.at.desc(), latest.c.item.desc())
    )
    for number in range(1, grams):
        other = table.alias(f"g{number}")
        statement = statement.where(
            sa.exists().where(
                other.c.gram == sa.bindparam(f"gram{number}"),
                other.c.kind == kind,
                other.c.item == latest.c.item,
            )
        )
    return statement.limit(sa.bindparam("limit", type_=sa.Integer))
