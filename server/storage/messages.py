"""The messages of rooms in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.row import Row
from server.storage.schema.chat import message as table
from server.storage.schema.upsert import insert_for

SHOWN, HELD, REMOVED = "shown", "held", "removed"
"""The states of a message."""


@dataclass(frozen=True, slots=True)
class MessageRecord:
    room: str
    sequence: int
    """Number of the message in its room, from 1."""
    person: str | None
    """Id of the author; None for a line of the room and for a deleted person."""
    client_id: str | None
    """Id that the author's page chose; None for a line of the room."""
    name: str
    colour: int
    handle: str | None
    role: str
    at: float
    """Time at which the room accepted the message, Unix seconds."""
    media_time: int | None
    """Media time that the author was seeing, µs; None if the author's picture had no media time."""
    body: str
    reply_to: int | None = None
    kind: str = "chat"
    state: str = SHOWN
    removed_by: str | None = None
    removed_at: float | None = None
    pinned_at: float | None = None
    reply_name: str | None = None
    """Name of the author of the message `reply_to`; None if that message does not exist or is not
    shown. Not stored.
    """
    reply_body: str | None = None


_COLUMNS = table.c.keys()
_target = table.alias("target")
_select = sa.select(
    table, _target.c.name.label("reply_name"), _target.c.body.label("reply_body")
).select_from(
    table.outerjoin(
        _target,
        (_target.c.room == table.c.room)
        & (_target.c.sequence == table.c.reply_to)
        & (_target.c.state == SHOWN),
    )
)


@cache
def _insert(dialect: str) -> sqlite.Insert:
    """Returns the INSERT of a message. The statement is made only once, because SQLAlchemy needs
    longer to make a statement than to execute it.
    """
    return insert_for(dialect, table).on_conflict_do_nothing(
        index_elements=["room", "person", "client_id"]
    )


class MessageStore:
    """The messages of all rooms. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: MessageRecord) -> MessageRecord | None:
        """Stores a message, and returns None. If the author has already sent a message with this
        `client_id` to the room, stores nothing and returns the stored message.
        """
        values = {column: getattr(record, column) for column in _COLUMNS}

        if await self._database.add(Row(_insert, values)):
            return None

        async def find(connection: AsyncConnection) -> MessageRecord:
            found = await connection.execute(
                _select.where(
                    table.c.room == record.room,
                    table.c.person == record.person,
                    table.c.client_id == record.client_id,
                )
            )
            return MessageRecord(**found.mappings().one())

        return await self._database.read(find)

    async def last_number(self, room: str) -> int:
        """Returns the highest number of a message in the room; 0 if there is no message."""

        async def last(connection: AsyncConnection) -> int:
            statement = sa.select(sa.func.max(table.c.sequence)).where(table.c.room == room)
            return (await connection.execute(statement)).scalar() or 0

        return await self._database.read(last)

    async def latest(self, room: str, limit: int) -> list[MessageRecord]:
        """Returns the last messages in any state, in order."""
        found = await self._read(
            _select.where(table.c.room == room).order_by(table.c.sequence.desc()).limit(limit)
        )
        return found[::-1]

    async def before(self, room: str, number: int, limit: int) -> list[MessageRecord]:
        """Returns the last `limit` shown messages with numbers below `number`, in order."""
        found = await self._read(
            _select.where(table.c.room == room, table.c.sequence < number, table.c.state == SHOWN)
            .order_by(table.c.sequence.desc())
            .limit(limit)
        )
        return found[::-1]

    async def after(self, room: str, number: int, limit: int) -> list[MessageRecord]:
        """Returns the first `limit` shown messages with numbers above `number`, in order."""
        return await self._read(
            _select.where(table.c.room == room, table.c.sequence > number, table.c.state == SHOWN)
            .order_by(table.c.sequence)
            .limit(limit)
        )

    async def held(self, room: str, limit: int) -> list[MessageRecord]:
        """Returns the first `limit` held messages, in order."""
        return await self._read(
            _select.where(table.c.room == room, table.c.state == HELD)
            .order_by(table.c.sequence)
            .limit(limit)
        )

    async def find(self, room: str, number: int) -> MessageRecord | None:
        found = await self._read(_select.where(table.c.room == room, table.c.sequence == number))
        return found[0] if found else None

    async def pinned(self, room: str) -> MessageRecord | None:
        """Returns the pinned message of the room, unless it has been removed."""
        found = await self._read(
            _select.where(
                table.c.room == room, table.c.pinned_at.is_not(None), table.c.state == SHOWN
            )
            .order_by(table.c.pinned_at.desc())
            .limit(1)
        )
        return found[0] if found else None

    async def numbers_of(self, room: str, person: str) -> list[int]:
        """Returns the numbers of the person's messages that are shown or held."""

        async def numbers(connection: AsyncConnection) -> list[int]:
            statement = sa.select(table.c.sequence).where(
                table.c.room == room, table.c.person == person, table.c.state != REMOVED
            )
            return list((await connection.execute(statement)).scalars())

        return await self._database.read(numbers)

    async def remove(self, room: str, numbers: Sequence[int], by: str, at: float) -> None:
        """Marks messages as removed by the person `by`."""
        await self._change(room, numbers, state=REMOVED, removed_by=by, removed_at=at)

    async def show(self, room: str, numbers: Sequence[int]) -> None:
        """Marks removed or held messages as shown."""
        await self._change(room, numbers, state=SHOWN, removed_by=None, removed_at=None)

    async def pin(self, room: str, number: int | None, at: float) -> None:
        """Pins the message `number` in place of the pinned message. If `number` is None, only
        unpins the pinned message.
        """

        async def pin(connection: AsyncConnection) -> None:
            await connection.execute(
                table.update()
                .where(table.c.room == room, table.c.pinned_at.is_not(None))
                .values(pinned_at=None)
            )
            if number is not None:
                await connection.execute(
                    table.update()
                    .where(table.c.room == room, table.c.sequence == number)
                    .values(pinned_at=at)
                )

        await self._database.write(pin)

    async def _change(self, room: str, numbers: Sequence[int], **values: Any) -> None:
        if not numbers:
            return
        statement = (
            table.update()
            .where(table.c.room == room, table.c.sequence.in_(numbers))
            .values(**values)
        )

        async def change(connection: AsyncConnection) -> None:
            await connection.execute(statement)

        await self._database.write(change)

    async def _read(self, statement: sa.Select[Any]) -> list[MessageRecord]:
        async def read(connection: AsyncConnection) -> list[MessageRecord]:
            rows = (await connection.execute(statement)).mappings()
            return [MessageRecord(**row) for row in rows]

        return await self._database.read(read)
