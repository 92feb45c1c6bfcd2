"""The codes with which people sign in at other devices, as hashes."""

from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.arrivals import Arrival, arrive
from server.storage.database import Database
from server.storage.schema.people import transfer as table


class TransferStore:
    """The stored transfer codes. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, person: str, code_hash: bytes, expires_at: float) -> None:
        """Stores a new code, and deletes earlier codes of the person. A person therefore has at
        most one code.
        """

        async def add(connection: AsyncConnection) -> None:
            await connection.execute(table.delete().where(table.c.person == person))
            await connection.execute(
                table.insert().values(code_hash=code_hash, person=person, expires_at=expires_at)
            )

        await self._database.write(add)

    async def use(self, code_hash: bytes, arrival: Arrival) -> str | None:
        """Uses a code to sign a browser in. Returns the person; None if the code is unknown, has
        been used, or has expired.
        """

        async def use(connection: AsyncConnection) -> str | None:
            statement = (
                table.update()
                .where(
                    table.c.code_hash == code_hash,
                    table.c.used_at.is_(None),
                    table.c.expires_at > arrival.at,
                )
                .values(used_at=arrival.at)
                .returning(table.c.person)
            )
            person: str | None = await connection.scalar(statement)
            if person is not None:
                await arrive(connection, person, arrival)
            return person

        return await self._database.write(use)
