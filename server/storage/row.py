"""A row to store: a write of one INSERT."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Calling a Row within a transaction inserts it. Returns whether a row was added: the statement
    decides about a row that exists already.
    """

    statement: Callable[[str], sa.Insert]
    """Returns the INSERT in the SQL of a dialect: always the same object for the same name."""
    values: Mapping[str, Any]
    """The values of the columns: text and numbers."""

    async def __call__(self, connection: AsyncConnection) -> bool:
        # The values are not in the statement, because SQLAlchemy would process each of them again.
        statement = self.statement(connection.dialect.name)
        return (await connection.execute(statement, self.values)).rowcount > 0
