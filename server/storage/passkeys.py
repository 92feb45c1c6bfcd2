"""The passkeys of people, and the challenges that passkeys have answered."""

import json
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.arrivals import Arrival, arrive
from server.storage.database import Database
from server.storage.schema.people import passkey as table
from server.storage.schema.people import used_challenge
from server.storage.schema.upsert import insert

CLOCK_SKEW = 86_400.0
"""Seconds for which a used challenge is kept after its expiry, because the clocks of servers
differ.
"""


@dataclass(frozen=True, slots=True)
class PasskeyRecord:
    """A passkey. Times are Unix seconds."""

    id: bytes
    person: str
    public_key: bytes
    """COSE_Key (RFC 9052 §7)."""
    sign_count: int
    transports: tuple[str, ...]
    label: str
    created_at: float
    used_at: float | None = None


class Added(Enum):
    """The outcome of `PasskeyStore.add`."""

    ADDED = "the passkey is stored"
    CHALLENGE_USED = "the challenge has been used before"
    KNOWN = "the passkey is stored already"
    TOO_MANY = "the person has as many passkeys as allowed"


class PasskeyStore:
    """The stored passkeys. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, person: str) -> list[PasskeyRecord]:
        """Returns the passkeys of a person, the newest one first."""
        return await self._select(
            table.select()
            .where(table.c.person == person)
            .order_by(table.c.created_at.desc(), table.c.id)
        )

    async def find(self, passkey: bytes) -> PasskeyRecord | None:
        """Returns the passkey with this id, which may belong to any person."""
        found = await self._select(table.select().where(table.c.id == passkey))
        return found[0] if found else None

    async def add(
        self, record: PasskeyRecord, challenge: bytes, expires_at: float, most: int
    ) -> Added:
        """Stores a new passkey and the hash of the challenge that it has answered. `expires_at`:
        expiry of the challenge. `most`: maximum number of passkeys of a person.
        """

        async def add(connection: AsyncConnection) -> Added:
            held = sa.select(sa.func.count()).where(table.c.person == record.person)
            if (await connection.scalar(held) or 0) >= most:
                return Added.TOO_MANY
            if not await _spend(connection, challenge, expires_at):
                return Added.CHALLENGE_USED
            values = {name: getattr(record, name) for name in table.c.keys()}
            values["transports"] = json.dumps(record.transports)
            statement = insert(connection, table).values(values).on_conflict_do_nothing()
            stored = (await connection.execute(statement)).rowcount
            return Added.ADDED if stored else Added.KNOWN

        return await self._database.write(add)

    async def remove(self, person: str, passkey: bytes) -> bool:
        """Deletes a passkey. Returns whether the person had the passkey."""

        async def delete(connection: AsyncConnection) -> bool:
            statement = table.delete().where(table.c.person == person, table.c.id == passkey)
            return (await connection.execute(statement)).rowcount > 0

        return await self._database.write(delete)

    async def sign_in(
        self,
        record: PasskeyRecord,
        sign_count: int,
        challenge: bytes,
        expires_at: float,
        arrival: Arrival,
    ) -> bool:
        """Stores the use of a passkey, and signs a browser in as the person to whom the passkey
        belongs. Returns False if the challenge has been used before, or the passkey was deleted
        meanwhile.
        """

        async def use(connection: AsyncConnection) -> bool:
            if not await _spend(connection, challenge, expires_at):
                return False
            statement = (
                table.update()
                .where(table.c.id == record.id, table.c.person == record.person)
                .values(sign_count=sign_count, used_at=arrival.at)
            )
            if (await connection.execute(statement)).rowcount == 0:
                return False
            await arrive(connection, record.person, arrival)
            return True

        return await self._database.write(use)

    async def _select(self, statement: sa.Select[tuple[object, ...]]) -> list[PasskeyRecord]:
        async def select(connection: AsyncConnection) -> list[PasskeyRecord]:
            rows = (await connection.execute(statement)).mappings()
            return [
                PasskeyRecord(**{**row, "transports": tuple(json.loads(row["transports"]))})
                for row in rows
            ]

        return await self._database.read(select)


async def _spend(connection: AsyncConnection, challenge: bytes, expires_at: float) -> bool:
    """Stores the hash of a used challenge. Returns False if the challenge has been used before."""
    statement = insert(connection, used_challenge).values(
        hash=challenge, expires_at=expires_at + CLOCK_SKEW
    )
    return (await connection.execute(statement.on_conflict_do_nothing())).rowcount > 0
