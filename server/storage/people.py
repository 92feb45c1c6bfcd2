"""The people in the database: names, handles and devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.devices import new_device
from server.storage.items import index_person
from server.storage.row import Row
from server.storage.schema.people import device, handle_reservation, person
from server.storage.schema.upsert import insert_for, upsert

MAX_REVOKED = 50_000
"""Maximum number of sign-outs that are read at once. The oldest sign-outs are left out."""
MAX_RENAMES = 3
"""Maximum number of former handles that are reserved for one person. While so many handles are
reserved, the person cannot change the handle.
"""
MAX_LISTED = 200


class HandleTaken(Exception):
    """Another person has, or recently had, this handle or a handle that looks the same."""


class TooManyRenames(Exception):
    """The person has changed the handle MAX_RENAMES times recently."""

    def __init__(self, until: float) -> None:
        super().__init__(until)
        self.until = until
        """Time at which the next change is possible, Unix seconds."""


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A stored person. Times are in Unix seconds."""

    id: str
    name: str
    colour: int
    handle: str | None
    language: str | None
    created_at: float
    seen_at: float
    delete_at: float | None
    """Time at which the person is deleted; None if no deletion is planned."""
    bio: str = ""
    link: str = ""
    """What the page of the person shows: a text, and one https URL."""


@dataclass(frozen=True, slots=True)
class TakenHandle:
    record: PersonRecord
    first: bool
    """Whether the person had no handle before."""


PERSON_COLUMNS = [person.c[name] for name in PersonRecord.__dataclass_fields__]

# Make this statement only once: SQLAlchemy needs longer to make a statement than to execute it.
_admitted = (
    sa.select(*PERSON_COLUMNS)
    .join(device, device.c.person == person.c.id)
    .where(
        person.c.id == sa.bindparam("person"),
        person.c.deleted_at.is_(None),
        device.c.id == sa.bindparam("device"),
        device.c.revoked_at.is_(None),
    )
)


@cache
def _new_person(dialect: str) -> sa.Insert:
    """Returns the INSERT of a new person. The INSERT adds no person whose device is stored already:
    the device may be signed out, or its person may be deleted.
    """
    columns = [person.c[name] for name in ("id", "name", "colour", "created_at", "seen_at")]
    new = [sa.bindparam(f"new_{column.name}", type_=column.type) for column in columns]
    known = sa.exists().where(device.c.id == sa.bindparam("device"))
    return (
        insert_for(dialect, person)
        .from_select(columns, sa.select(*new).where(~known))
        .on_conflict_do_nothing(index_elements=["id"])
    )


class PersonStore:
    """The stored people. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # People and devices

    async def add(
        self, id: str, name: str, colour: int, device_id: str, label: str, now: float
    ) -> None:
        """Stores a guest and the guest's device. Changes nothing if the guest or the device is
        known already: a replayed cookie restores neither a device that was signed out nor a deleted
        person.
        """

        first = Row(
            new_device,
            {
                "id": device_id,
                "person": id,
                "label": label,
                "created_at": now,
                "seen_at": now,
                "revoked_at": None,
            },
        )
        values = {
            "new_id": id,
            "new_name": name,
            "new_colour": colour,
            "new_created_at": now,
            "new_seen_at": now,
            "device": device_id,
        }
        await self._database.add(Row(_new_person, values, then=first))

    async def admit(self, id: str, device_id: str) -> PersonRecord | None:
        """Returns the person; None if the device is signed out or belongs to another person, or if
        there is no such person.
        """
        rows = await self._database.select(_admitted, {"person": id, "device": device_id})
        return PersonRecord(*rows[0]) if rows else None

    async def see(self, id: str, device_id: str, now: float) -> None:
        """Stores the time of the last visit of the person, at this device."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(person.update().where(person.c.id == id).values(seen_at=now))
            await connection.execute(
                device.update().where(device.c.id == device_id).values(seen_at=now)
            )

        await self._database.write(work)

    async def revoked_devices(self, since: float) -> list[str]:
        """Returns the devices that were signed out after `since` (Unix seconds), oldest first."""
        statement = (
            sa.select(device.c.id)
            .where(device.c.revoked_at > since)
            .order_by(device.c.revoked_at.desc())
            .limit(MAX_REVOKED)
        )
        return [row["id"] for row in reversed(await self._rows(statement))]

    async def find(self, id: str) -> PersonRecord | None:
        return _one(
            await self._rows(
                sa.select(*PERSON_COLUMNS).where(person.c.id == id, person.c.deleted_at.is_(None))
            )
        )

    async def find_handle(self, key: str) -> PersonRecord | None:
        """Returns the person whose handle has this key."""
        return _one(
            await self._rows(
                sa.select(*PERSON_COLUMNS).where(
                    person.c.handle_key == key, person.c.deleted_at.is_(None)
                )
            )
        )

    async def owner_of_skeleton(self, skeleton: str) -> str | None:
        """Returns the person whose handle has this skeleton."""
        rows = await self._rows(sa.select(person.c.id).where(person.c.skeleton == skeleton))
        return rows[0]["id"] if rows else None

    async def change(self, id: str, name: str, language: str | None) -> PersonRecord | None:
        """Changes the name, and also the language unless `language` is None. Returns the person."""
        values: dict[str, Any] = {"name": name}
        if language is not None:
            values["language"] = language

        async def work(connection: AsyncConnection) -> PersonRecord | None:
            await connection.execute(person.update().where(person.c.id == id).values(**values))
            await index_person(connection, id)
            return await _read(connection, id)

        return await self._database.write(work)

    async def set_page(self, id: str, bio: str | None, link: str | None) -> PersonRecord | None:
        """Stores what the page of a person shows; None keeps the stored text. Returns the person;
        None if the person has no handle.
        """
        values = {"bio": bio, "link": link}
        new = {name: value for name, value in values.items() if value is not None}

        async def work(connection: AsyncConnection) -> PersonRecord | None:
            with_handle = person.c.id == id, person.c.handle.is_not(None)
            if new:
                await connection.execute(person.update().where(*with_handle).values(new))
            statement = sa.select(*PERSON_COLUMNS).where(*with_handle)
            return _one((await connection.execute(statement)).mappings().all())

        return await self._database.write(work)

    async def people(self, id: str = "", key: str = "") -> list[PersonRecord]:
        """Returns people for the operator. Without arguments, returns at most MAX_LISTED people:
        those with the latest visits. With an id or the key of a handle, returns only this person.
        """
        statement = sa.select(*PERSON_COLUMNS).order_by(person.c.seen_at.desc()).limit(MAX_LISTED)
        if id or key:
            statement = statement.where(sa.or_(person.c.id == id, person.c.handle_key == key))
        return [PersonRecord(**row) for row in await self._rows(statement)]

    # Handles

    async def take_handle(
        self,
        id: str,
        shown: str,
        key: str,
        skeleton: str,
        *,
        recovery_hash: bytes,
        now: float,
        reserved_until: float,
    ) -> TakenHandle:
        """Gives a handle to a person who is stored already. A former handle stays reserved for the
        person until `reserved_until`. `recovery_hash` is stored only with the first handle. Raises
        HandleTaken and TooManyRenames.
        """

        async def work(connection: AsyncConnection) -> TakenHandle:
            await _require_free(connection, id, key, skeleton, now)
            former, hashed = (
                await connection.execute(
                    sa.select(person.c.skeleton, person.c.recovery_hash).where(person.c.id == id)
                )
            ).one()
            if former not in (None, skeleton):
                await _reserve(connection, id, former, now, reserved_until)
            await connection.execute(
                handle_reservation.delete().where(handle_reservation.c.skeleton == skeleton)
            )
            values: dict[str, Any] = {
                "name": shown,
                "handle": shown,
                "handle_key": key,
                "skeleton": skeleton,
            }
            if former is None and hashed is None:
                values["recovery_hash"] = recovery_hash
            try:
                await connection.execute(person.update().where(person.c.id == id).values(**values))
            except sa.exc.IntegrityError as error:  # another server was faster
                raise HandleTaken(shown) from error
            await index_person(connection, id)
            record = await _read(connection, id)
            assert record is not None
            return TakenHandle(record, former is None)

        return await self._database.write(work)

    async def _rows(self, statement: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        async def work(connection: AsyncConnection) -> Sequence[sa.RowMapping]:
            return list((await connection.execute(statement)).mappings())

        return await self._database.read(work)


async def _read(connection: AsyncConnection, id: str) -> PersonRecord | None:
    statement = sa.select(*PERSON_COLUMNS).where(person.c.id == id)
    return _one((await connection.execute(statement)).mappings().all())


async def _require_free(
    connection: AsyncConnection, id: str, key: str, skeleton: str, now: float
) -> None:
    """Checks that no other person has a handle with this key or skeleton. Raises HandleTaken."""
    owners = sa.select(person.c.id).where(
        sa.or_(person.c.handle_key == key, person.c.skeleton == skeleton), person.c.id != id
    )
    reserved = sa.select(handle_reservation.c.person).where(
        handle_reservation.c.skeleton == skeleton,
        handle_reservation.c.person != id,
        handle_reservation.c.until > now,
    )
    for statement in (owners, reserved):
        if (await connection.execute(statement)).first() is not None:
            raise HandleTaken(key)


async def _reserve(
    connection: AsyncConnection, id: str, skeleton: str, now: float, until: float
) -> None:
    """Reserves a former handle. Raises TooManyRenames."""
    await connection.execute(handle_reservation.delete().where(handle_reservation.c.until <= now))
    held = (
        await connection.scalars(
            sa.select(handle_reservation.c.until).where(handle_reservation.c.person == id)
        )
    ).all()
    if len(held) >= MAX_RENAMES:
        raise TooManyRenames(min(held))
    await connection.execute(
        upsert(connection, handle_reservation, skeleton=skeleton, person=id, until=until)
    )


def _one(rows: Sequence[sa.RowMapping]) -> PersonRecord | None:
    return PersonRecord(**rows[0]) if rows else None
