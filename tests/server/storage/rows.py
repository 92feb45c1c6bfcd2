"""Rows for tests that look at every table."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema import metadata


async def add_row(database: Database, table: sa.Table, **values: Any) -> None:
    """Adds a row with a value in every column that requires one."""
    filled = {
        column.name: _filler(column)
        for column in table.c
        if column.primary_key or not (column.nullable or column.server_default)
    }

    async def add(connection: AsyncConnection) -> None:
        await connection.execute(table.insert().values({**filled, **values}))

    await database.write(add)


async def count_rows(database: Database) -> dict[str, int]:
    """The number of rows of each table that has any."""
    # One statement: the database cuts a transaction of many statements on a loaded machine.
    counts = sa.select(
        *(
            sa.select(sa.func.count()).select_from(table).scalar_subquery().label(table.name)
            for table in metadata.sorted_tables
        )
    )

    async def count(connection: AsyncConnection) -> dict[str, int]:
        row = (await connection.execute(counts)).mappings().one()
        return {name: number for name, number in row.items() if number}

    return await database.read(count)


def _filler(column: sa.Column[Any]) -> Any:
    match column.type:
        case sa.LargeBinary():
            return b"x"
        case sa.Boolean():
            return False
        case sa.Text():
            return "x"
    return 1
