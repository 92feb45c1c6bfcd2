"""The reactions of viewers during all lives, as stored in the database: numbers for each second of
media time.
"""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.chat import reaction_second as table
from server.storage.schema.upsert import insert


class ReactionStore:
    """The reactions to the lives of all servers that share the database. Every method raises
    StorageError if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, room: str, counts: Iterable[tuple[int, str, int, int, int]]) -> None:
        """Stores totals. A total replaces the stored total of its second and emoji. `counts`:
        second of media time, emoji, taps, people, and people whose first tap of the window is in
        this second.
        """
        rows = [
            {
                "room": room,
                "second": second,
                "emoji": emoji,
                "taps": taps,
                "people": people,
                "first_people": first,
            }
            for second, emoji, taps, people, first in counts
        ]

        async def put(connection: AsyncConnection) -> None:
            statement = insert(connection, table)
            new = statement.excluded
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["room", "second", "emoji"],
                    set_={
                        "taps": new.taps,
                        "people": new.people,
                        "first_people": new.first_people,
                    },
                ),
                rows,
            )

        if rows:
            await self._database.write(put)
