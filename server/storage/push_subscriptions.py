"""The browsers that get pushes. Each subscription belongs to the device of a person, and ends when
the device is signed out.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.discovery import push_subscription as table
from server.storage.schema.discovery import reminder
from server.storage.schema.moderation import ban
from server.storage.schema.people import device, follow, hidden, person
from server.storage.schema.upsert import insert

MAX_SUBSCRIPTIONS = 5
"""Maximum number of subscriptions of one person. A further one replaces the oldest one."""
PAGE = 500
"""Number of people whose subscriptions are read at a time."""
ID_BYTES = 12

Place = tuple[float, str]
"""The place of a person in a list: the time at which the person was added, and the id."""


@dataclass(frozen=True, slots=True)
class SubscriptionRecord:
    """A subscription, with the data of its person and device that pushes and lists need."""

    id: str
    endpoint: str
    p256dh: str
    auth: str
    created_at: float
    """Unix seconds."""
    device: str
    label: str
    """Label of the device."""
    language: str | None
    """The language that the person has chosen."""


@dataclass(frozen=True, slots=True)
class Page:
    """The subscriptions of some people."""

    records: list[SubscriptionRecord]
    place: Place | None
    """The place after which the next page begins; None after the last page."""


class PushSubscriptionStore:
    """The stored subscriptions. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, person: str, device: str, endpoint: str, p256dh: str, auth: str, now: float
    ) -> str:
        """Stores a subscription. Returns its id. If the endpoint is stored already, replaces its
        person and keys: the browser was signed in as another person, or has new keys.
        """
        values = {
            "person": person,
            "device": device,
            "p256dh": p256dh,
            "auth": auth,
            "created_at": now,
        }
        new = {
            "id": secrets.token_urlsafe(ID_BYTES),
            "endpoint": endpoint,
            "endpoint_hash": hashlib.sha256(endpoint.encode()).digest(),
        }

        async def add(connection: AsyncConnection) -> str:
            # The browser has one subscription: a new endpoint replaces the former one.
            await connection.execute(
                table.delete().where(
                    table.c.device == device, table.c.endpoint_hash != new["endpoint_hash"]
                )
            )
            statement = (
                insert(connection, table)
                .values(**new, **values)
                .on_conflict_do_update(index_elements=["endpoint_hash"], set_=values)
                .returning(table.c.id)
            )
            id = str(await connection.scalar(statement))
            await connection.execute(_surplus(person))
            return id

        return await self._database.write(add)

    async def of(self, by: str) -> list[SubscriptionRecord]:
        """Returns the subscriptions of a person, the latest first."""
        statement = _subscriptions(table.c.person == by).order_by(table.c.created_at.desc())

        async def select(connection: AsyncConnection) -> list[SubscriptionRecord]:
            return [SubscriptionRecord(*row) for row in await connection.execute(statement)]

        return await self._database.read(select)

    async def remove(self, id: str, by: str) -> bool:
        """Deletes a subscription of a person. Returns False if the person has no such one."""
        return await self._delete(table.c.id == id, table.c.person == by)

    async def forget(self, id: str) -> None:
        """Deletes a subscription that can never be used again."""
        await self._delete(table.c.id == id)

    async def of_followers(self, followed: str, after: Place | None, now: float) -> Page:
        """Returns the subscriptions of the next people who follow a person. Leaves out the people
        who hide this person, and the people whom this person or the operator has banned.
        """
        people = follow.c.at, follow.c.follower
        apart = _is_apart(followed, now)
        return await self._page(people, follow.c.followed == followed, after, ~apart)

    async def of_reminded(
        self, announcement: str, creator: str, after: Place | None, now: float
    ) -> Page:
        """Returns the subscriptions of the next people who are reminded of an announced live of a
        creator. Leaves out the same people as `of_followers`.
        """
        people = reminder.c.at, reminder.c.person
        apart = _is_apart(creator, now)
        return await self._page(people, reminder.c.announcement == announcement, after, ~apart)

    async def _page(
        self,
        people: tuple[sa.Column[float], sa.Column[str]],
        which: sa.ColumnElement[bool],
        after: Place | None,
        *conditions: sa.ColumnElement[bool],
    ) -> Page:
        """`people`: the columns with a time and the id of a person, in the rows `which`."""
        at, id = people
        chosen = sa.select(at, id).where(which).order_by(at, id).limit(PAGE)
        if after is not None:
            # The first condition follows from the second one. It lets the database use an index.
            chosen = chosen.where(at >= after[0], sa.tuple_(at, id) > sa.tuple_(*_literals(after)))

        async def select(connection: AsyncConnection) -> Page:
            found = [(row[0], row[1]) for row in await connection.execute(chosen)]
            if not found:
                return Page([], None)
            statement = _subscriptions(
                table.c.person.in_([person for _, person in found]),
                person.c.delete_at.is_(None),
                *conditions,
            )
            rows = await connection.execute(statement)
            place = found[-1] if len(found) == PAGE else None
            return Page([SubscriptionRecord(*row) for row in rows], place)

        return await self._database.read(select)

    async def _delete(self, *conditions: sa.ColumnElement[bool]) -> bool:
        async def delete(connection: AsyncConnection) -> int:
            return (await connection.execute(table.delete().where(*conditions))).rowcount

        return await self._database.write(delete) > 0


def _subscriptions(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Returns the statement for subscriptions whose device is signed in and whose person is not
    deleted.
    """
    return sa.select(
        table.c.id,
        table.c.endpoint,
        table.c.p256dh,
        table.c.auth,
        table.c.created_at,
        table.c.device,
        device.c.label,
        person.c.language,
    ).where(
        device.c.id == table.c.device,
        device.c.person == table.c.person,
        device.c.revoked_at.is_(None),
        person.c.id == table.c.person,
        person.c.deleted_at.is_(None),
        *conditions,
    )


def _is_apart(creator: str, now: float) -> sa.ColumnElement[bool]:
    """Whether the person of a subscription hides a creator, or is banned by the creator or by the
    operator.
    """
    hides = sa.exists().where(hidden.c.person == table.c.person, hidden.c.hidden == creator)
    banned = sa.exists().where(
        ban.c.person == table.c.person,
        ban.c.creator.in_((creator, "")),
        ban.c.room.is_(None),
        sa.or_(ban.c.until.is_(None), ban.c.until > now),
    )
    return sa.or_(hides, banned)


def _literals(place: Place) -> tuple[Any, Any]:
    return sa.literal(place[0], sa.Double), sa.literal(place[1], sa.Text)


def _surplus(person: str) -> sa.Delete:
    """Returns the statement that deletes the oldest subscriptions of a person above the maximum."""
    latest = (
        sa.select(table.c.id)
        .where(table.c.person == person)
        .order_by(table.c.created_at.desc(), table.c.id)
        .limit(MAX_SUBSCRIPTIONS)
    )
    return table.delete().where(table.c.person == person, table.c.id.not_in(latest))
