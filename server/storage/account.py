"""The recovery of a handle, and the deletion of a person."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.arrivals import Arrival, arrive
from server.storage.database import Database
from server.storage.follows import forget_follower
from server.storage.items import NO_CHALLENGE, of_lives_of
from server.storage.live_data import delete_media_of
from server.storage.schema import chat, discovery, moderation, people, rooms
from server.storage.steps import change_in_steps

DELETED_WITH_PERSON: tuple[sa.Column[Any], ...] = (
    people.passkey.c.person,
    people.transfer.c.person,
    people.handle_reservation.c.person,
    people.follow.c.follower,
    people.follow.c.followed,
    people.hidden.c.person,
    people.hidden.c.hidden,
    chat.vote.c.person,
    moderation.moderator.c.creator,
    moderation.moderator.c.person,
    moderation.mute.c.person,
    moderation.ban.c.creator,
    moderation.moderation_state.c.creator,
    moderation.word.c.creator,
    moderation.report.c.reporter,
    discovery.tag_use.c.creator,
    discovery.search_gram.c.item,
    discovery.announcement.c.person,
    discovery.reminder.c.person,
    discovery.taste.c.person,
    discovery.push_subscription.c.person,
    discovery.pushed.c.creator,
)
"""Columns that contain the id of a person. When a person is deleted, the rows with the id of this
person are deleted too.
"""

CLEARED_WITH_PERSON: tuple[tuple[sa.Column[Any], Mapping[str, Any]], ...] = (
    (
        chat.message.c.person,
        {
            "person": None,
            "client_id": None,
            "name": "",
            "colour": 0,
            "handle": None,
            "role": "guest",
            "body": "",
        },
    ),
    (chat.message.c.removed_by, {"removed_by": None}),
    (rooms.room.c.owner, {"owner": None, "title": "", "address": "", "mood": ""}),
    (discovery.tag.c.challenge_by, NO_CHALLENGE),
    (moderation.mute.c.made_by, {"made_by": None}),
    (moderation.ban.c.made_by, {"made_by": None}),
    (moderation.report.c.person, {"person": None, "answer": None, "message_text": ""}),
    (moderation.moderation_log.c.moderator, {"moderator": None}),
    (moderation.moderation_log.c.target, {"target": None, "person": None, "detail": ""}),
    (moderation.moderation_log.c.person, {"person": None, "detail": ""}),
)
"""Columns that contain the id of a person, in rows that belong to a room, each with a table of new
values. When the person is deleted, these rows remain, and the new values replace the data of the
person.
"""


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """The data of a person for recovery and deletion. Times are Unix seconds."""

    id: str
    name: str
    colour: int
    handle: str | None
    recovery_hash: bytes | None
    delete_at: float | None


class AccountStore:
    """The recovery and the deletion of stored people. Every method raises StorageError if the
    database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, person: str) -> AccountRecord | None:
        """Returns a person; None if nothing is stored about the person."""
        return await self._select(people.person.c.id == person)

    async def by_handle(self, handle_key: str) -> AccountRecord | None:
        """Returns the person with a handle."""
        return await self._select(people.person.c.handle_key == handle_key)

    async def set_recovery(self, person: str, recovery_hash: bytes) -> bool:
        """Stores the hash of a new recovery code. The previous code is no longer valid. Returns
        False if the person has no handle.
        """
        table = people.person
        statement = (
            table.update()
            .where(table.c.id == person, table.c.handle_key.is_not(None))
            .values(recovery_hash=recovery_hash)
        )

        async def update(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).rowcount > 0

        return await self._database.write(update)

    async def recover(self, record: AccountRecord, arrival: Arrival) -> bool:
        """Signs a browser in as a person whose recovery code was right. Returns False if the code
        was replaced or the person was deleted meanwhile.
        """

        async def recover(connection: AsyncConnection) -> bool:
            statement = sa.select(people.person.c.id).where(
                people.person.c.id == record.id,
                people.person.c.recovery_hash == record.recovery_hash,
            )
            if await connection.scalar(statement) is None:
                return False
            await arrive(connection, record.id, arrival)
            return True

        return await self._database.write(recover)

    async def leave(self, person: str, delete_at: float) -> float | None:
        """Stores the time at which the person is deleted, unless a time is stored already. Also
        invalidates the person's transfer codes. Returns the stored time; None if the person is not
        stored.
        """

        async def leave(connection: AsyncConnection) -> float | None:
            table = people.person
            await connection.execute(
                table.update()
                .where(table.c.id == person, table.c.delete_at.is_(None))
                .values(delete_at=delete_at)
            )
            stored = await connection.scalar(
                sa.select(table.c.delete_at).where(table.c.id == person)
            )
            await connection.execute(
                people.transfer.delete().where(people.transfer.c.person == person)
            )
            return None if stored is None else float(stored)

        return await self._database.write(leave)

    async def restore(self, person: str, now: float) -> bool:
        """Undoes `leave`. Returns False if the deletion has begun, or nothing is stored about the
        person.
        """
        table = people.person

        async def restore(connection: AsyncConnection) -> bool:
            statement = (
                table.update()
                .where(
                    table.c.id == person,
                    table.c.deleted_at.is_(None),
                    sa.or_(table.c.delete_at.is_(None), table.c.delete_at > now),
                )
                .values(delete_at=None)
            )
            return (await connection.execute(statement)).rowcount > 0

        return await self._database.write(restore)

    async def due(self, now: float, most: int) -> list[str]:
        """Returns people whose time of deletion has come, at most `most`."""

        async def select(connection: AsyncConnection) -> list[str]:
            statement = (
                sa.select(people.person.c.id)
                .where(people.person.c.delete_at <= now)
                .order_by(people.person.c.delete_at)
                .limit(most)
            )
            return list(await connection.scalars(statement))

        return await self._database.read(select)

    async def erase(self, person: str, now: float) -> bool:
        """Deletes a person whose time of deletion has come, in many short transactions. If the
        deletion is interrupted, `due` returns the person again. Several servers may delete the same
        person at the same time. Returns False if the deletion was undone meanwhile, or is complete.
        """
        if not await self._database.write(lambda connection: _begin(connection, person, now)):
            return False
        await forget_follower(self._database, person)
        while await self._database.write(
            lambda connection: delete_media_of(connection, person, now)
        ):
            pass
        for table, condition in of_lives_of(person):
            await change_in_steps(self._database, table.delete(), condition)
        for column in DELETED_WITH_PERSON:
            await change_in_steps(self._database, column.table.delete(), column == person)
        changes = (
            *CLEARED_WITH_PERSON,
            # Keep only the device ids. The server uses the ids to refuse the person's cookies until
            # the cookies have expired.
            (
                people.device.c.person,
                {"person": "", "label": "", "created_at": now, "seen_at": now, "revoked_at": now},
            ),
            (moderation.ban.c.person, {"person": unlinkable(person)}),
        )
        for column, values in changes:
            update = column.table.update().values(**values)
            await change_in_steps(self._database, update, column == person)
        await change_in_steps(self._database, people.person.delete(), people.person.c.id == person)
        return True

    async def _select(self, *where: sa.ColumnElement[bool]) -> AccountRecord | None:
        table = people.person
        statement = sa.select(
            table.c.id,
            table.c.name,
            table.c.colour,
            table.c.handle,
            table.c.recovery_hash,
            table.c.delete_at,
        ).where(*where, table.c.deleted_at.is_(None))

        async def select(connection: AsyncConnection) -> AccountRecord | None:
            row = (await connection.execute(statement)).first()
            return AccountRecord(*row) if row else None

        return await self._database.read(select)


async def _begin(connection: AsyncConnection, person: str, now: float) -> bool:
    """Begins a deletion: from now on every server refuses the person, and the handle is free.
    Returns False if the person must not be deleted now.
    """
    table = people.person
    values = {"name": "", "handle": None, "handle_key": None, "skeleton": None}
    values |= {"bio": "", "link": ""}
    statement = (
        table.update()
        .where(table.c.id == person, table.c.delete_at <= now)
        .values(**values, recovery_hash=None, deleted_at=now)
    )
    return (await connection.execute(statement)).rowcount > 0


def unlinkable(person: str) -> str:
    """Returns the text that replaces a deleted person in bans. The id cannot be computed from
    this text, because ids are random.
    """
    return f"deleted:{hashlib.sha256(person.encode()).hexdigest()}"
