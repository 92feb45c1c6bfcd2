"""The people whom other people have hidden from their own view."""

from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.people import hidden as table
from server.storage.schema.people import person
from server.storage.schema.upsert import insert

MAX_HIDDEN = 1_000
"""Maximum number of people whom one person hides."""


@dataclass(frozen=True, slots=True)
class HiddenRecord:
    """A hidden person, with the public data of the person."""

    id: str
    name: str
    colour: int
    handle: str | None
    at: float
    """Time at which the person was hidden, Unix seconds."""


class Outcome(Enum):
    """The outcome of `HiddenStore.add`."""

    HIDDEN = "the person is hidden, perhaps for longer already"
    UNKNOWN = "the person does not exist"
    TOO_MANY = "MAX_HIDDEN people are hidden"


class HiddenStore:
    """The lists of hidden people. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, by: str) -> list[HiddenRecord]:
        """Returns the people whom a person hides. The person who was hidden last is first."""

        async def select(connection: AsyncConnection) -> list[HiddenRecord]:
            statement = (
                sa.select(person.c.id, person.c.name, person.c.colour, person.c.handle, table.c.at)
                .join(person, person.c.id == table.c.hidden)
                .where(table.c.person == by)
                .order_by(table.c.at.desc(), table.c.hidden)
                .limit(MAX_HIDDEN)
            )
            return [HiddenRecord(*row) for row in await connection.execute(statement)]

        return await self._database.read(select)

    async def add(self, by: str, hidden: str, now: float) -> Outcome:
        """Hides a person."""

        async def add(connection: AsyncConnection) -> Outcome:
            known = sa.select(person.c.id).where(person.c.id == hidden)
            if await connection.scalar(known) is None:
                return Outcome.UNKNOWN
            count = sa.select(sa.func.count()).where(table.c.person == by, table.c.hidden != hidden)
            if (await connection.scalar(count) or 0) >= MAX_HIDDEN:
                return Outcome.TOO_MANY
            statement = insert(connection, table).values(person=by, hidden=hidden, at=now)
            await connection.execute(statement.on_conflict_do_nothing())
            return Outcome.HIDDEN

        return await self._database.write(add)

    async def remove(self, by: str, hidden: str) -> None:
        """Shows a person again. Does nothing if the person is not hidden."""

        async def delete(connection: AsyncConnection) -> None:
            await connection.execute(
                table.delete().where(table.c.person == by, table.c.hidden == hidden)
            )

        await self._database.write(delete)
