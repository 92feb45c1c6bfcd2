"""A write that stores one row, or two rows of which the second depends on the first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A row to insert. A call of the Row within a transaction executes the INSERT, and returns
    whether a row was added. The statement decides what happens if the row exists already.
    """

    statement: Callable[[str], sa.Insert]
    """Returns the INSERT in the SQL of a dialect. For the same name of a dialect, always returns
    the same object.
    """
    values: Mapping[str, Any]
    """The values of the columns, or of the parameters of the statement: text and numbers."""
    then: "Row | None" = None
    """A second row, which is inserted if the first row was added."""

    async def __call__(self, connection: AsyncConnection) -> bool:
        # The values are not in the statement, because SQLAlchemy would process each of them again.
        statement = self.statement(connection.dialect.name)
        added = (await connection.execute(statement, self.values)).rowcount > 0
        if added and self.then is not None:
            await self.then(connection)
        return added
