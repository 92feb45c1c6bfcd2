"""INSERT for rows that may exist already, in the SQL of the connection's database."""

from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert(connection: AsyncConnection, table: sa.Table) -> sqlite.Insert:
    """Returns an INSERT with `on_conflict_do_nothing()` and `on_conflict_do_update()`, which SQLite
    and PostgreSQL share. The `rowcount` of its result is 0 if a conflict has prevented the INSERT.
    """
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: sa.Table) -> sqlite.Insert:
    """Returns the same INSERT as `insert`, for the dialect with this name."""
    statement = (
        cast(sqlite.Insert, postgresql.insert(table))
        if dialect == "postgresql"
        else sqlite.insert(table)
    )
    return statement.execution_options(preserve_rowcount=True)


def upsert(connection: AsyncConnection, table: sa.Table, **values: Any) -> sqlite.Insert:
    """Returns an INSERT that replaces the columns of a row with the same primary key."""
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in values.items() if name not in keys}
    statement = insert(connection, table).values(**values)
    if not rest:
        return statement.on_conflict_do_nothing(index_elements=keys)
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)
