"""The people who began to react to lives, as stored in the database: the number of people for each
second of media time.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.chat import crowd_second as table
from server.storage.schema.upsert import insert


class CrowdStore:
    """The crowds of the lives of all servers that share the database. Every method raises
    StorageError if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, room: str, counts: Iterable[tuple[int, int]]) -> None:
        """Stores numbers of people. `counts`: second of media time and number of people. A number
        replaces the stored number of its second.
        """
        rows = [{"room": room, "second": second, "people": people} for second, people in counts]

        async def put(connection: AsyncConnection) -> None:
            statement = insert(connection, table)
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["room", "second"], set_={"people": statement.excluded.people}
                ),
                rows,
            )

        if rows:
            await self._database.write(put)

    async def read(self, room: str, limit: int) -> list[tuple[int, int]]:
        """Returns the second and the number of people of the last `limit` seconds in which people
        began to react, in order.
        """
        statement = (
            sa.select(table.c.second, table.c.people)
            .where(table.c.room == room)
            .order_by(table.c.second.desc())
            .limit(limit)
        )

        async def read(connection: AsyncConnection) -> list[tuple[int, int]]:
            rows = await connection.execute(statement)
            return [(int(second), int(people)) for second, people in rows][::-1]

        return await self._database.read(read)
