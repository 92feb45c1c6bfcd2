"""The devices of people. Each browser that is signed in as a person is a device."""

from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.people import device as table
from server.storage.schema.upsert import insert_for

MAX_DEVICES = 50
"""Maximum number of devices at which one person is signed in. A further sign-in signs out the
device that has been unused for longest.
"""


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device that is signed in. Times are Unix seconds."""

    id: str
    label: str
    created_at: float
    seen_at: float


class DeviceStore:
    """The stored devices. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, person: str) -> list[DeviceRecord]:
        """Returns the signed-in devices of a person. The device that was used last is first."""

        async def select(connection: AsyncConnection) -> list[DeviceRecord]:
            statement = (
                sa.select(table.c.id, table.c.label, table.c.created_at, table.c.seen_at)
                .where(table.c.person == person, table.c.revoked_at.is_(None))
                .order_by(table.c.seen_at.desc(), table.c.id)
                .limit(MAX_DEVICES)
            )
            return [DeviceRecord(*row) for row in await connection.execute(statement)]

        return await self._database.read(select)

    async def sign_out(self, person: str, device: str, now: float) -> bool:
        """Signs out one device. Returns whether the person has such a device."""

        async def update(connection: AsyncConnection) -> bool:
            mine = (table.c.person == person, table.c.id == device)
            await connection.execute(_revoke(now, *mine))
            known = await connection.execute(sa.select(table.c.id).where(*mine))
            return known.first() is not None

        return await self._database.write(update)

    async def sign_out_others(self, person: str, kept: str, now: float) -> list[str]:
        """Signs out every device of the person except `kept`. Returns the ids of the devices that
        were signed out.
        """

        async def update(connection: AsyncConnection) -> list[str]:
            return await sign_out_others(connection, person, kept, now)

        return await self._database.write(update)


@cache
def new_device(dialect: str) -> sa.Insert:
    """Returns the INSERT of a device, which changes nothing if the device is stored already."""
    return insert_for(dialect, table).on_conflict_do_nothing()


async def add_device(
    connection: AsyncConnection, person: str, device: str, label: str, now: float
) -> None:
    """Stores a device of a person, within the transaction of the connection. Changes nothing if the
    device is stored already.
    """
    oldest = (
        sa.select(table.c.id)
        .where(table.c.person == person, table.c.revoked_at.is_(None), table.c.id != device)
        .order_by(table.c.seen_at.desc(), table.c.id)
        .offset(MAX_DEVICES - 1)
    )
    excess = list(await connection.scalars(oldest))
    if excess:
        await connection.execute(_revoke(now, table.c.id.in_(excess)))
    await connection.execute(
        new_device(connection.dialect.name),
        {"id": device, "person": person, "label": label, "created_at": now, "seen_at": now},
    )


async def sign_out(connection: AsyncConnection, device: str, now: float) -> str | None:
    """Signs out a device, within the transaction of the connection. Returns the id of the person
    whose device was signed out; None if no such device was signed in.
    """
    statement = _revoke(now, table.c.id == device).returning(table.c.person)
    person: str | None = await connection.scalar(statement)
    return person


async def sign_out_others(
    connection: AsyncConnection, person: str, kept: str, now: float
) -> list[str]:
    """Does the same as `DeviceStore.sign_out_others`, within the transaction of the connection."""
    statement = _revoke(now, table.c.person == person, table.c.id != kept).returning(table.c.id)
    return list(await connection.scalars(statement))


def _revoke(now: float, *where: sa.ColumnElement[bool]) -> sa.Update:
    return table.update().where(table.c.revoked_at.is_(None), *where).values(revoked_at=now)
