"""Finds out which of many values a column contains."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database

CHUNK = 500
"""Maximum number of values in one statement."""


async def select_among(
    database: Database,
    column: sa.Column[str],
    values: Collection[str],
    condition: sa.ColumnElement[bool],
) -> frozenset[str]:
    """Returns those of `values` that the column contains in rows that satisfy the condition. Needs
    one statement for each CHUNK values.
    """
    wanted = list(values)
    found: set[str] = set()
    for first in range(0, len(wanted), CHUNK):
        statement = sa.select(column).where(condition, column.in_(wanted[first : first + CHUNK]))

        async def read(
            connection: AsyncConnection, statement: sa.Select[str] = statement
        ) -> list[str]:
            return list(await connection.scalars(statement))

        found.update(await database.read(read))
    return frozenset(found)
