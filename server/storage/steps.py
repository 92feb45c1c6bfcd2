"""Changes any number of rows in many short transactions, so that the changes do not delay other
writes.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database

STEP = 500
"""Maximum number of rows that one transaction changes."""


async def change_in_steps(
    database: Database, change: sa.Delete | sa.Update, condition: sa.ColumnElement[bool]
) -> int:
    """Executes `change` for all rows that satisfy the condition. After the change, a row must no
    longer satisfy the condition. Returns the number of rows.
    """
    key = list(change.table.primary_key)
    rows = sa.select(*key).where(condition).limit(STEP)
    statement = change.where(sa.tuple_(*key).in_(rows))

    async def step(connection: AsyncConnection) -> int:
        return (await connection.execute(statement)).rowcount

    changed = 0
    while number := await database.write(step):
        changed += number
    return changed
