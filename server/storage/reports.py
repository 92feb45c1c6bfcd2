"""The reports of viewers about messages, people and rooms."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.chat import message
from server.storage.schema.moderation import report as table
from server.storage.schema.rooms import room
from server.storage.who import Named, Who, select_named

MAX_LISTED = 200
"""Maximum number of reports in a list."""
PER_HOUR = 10
"""Maximum number of reports of one person in an hour."""
HOUR = 3_600.0


class TooManyReports(Exception):
    """The reporter has made PER_HOUR reports within an hour. `retry_after`: seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__()
        self.retry_after = retry_after


class NoSuchMessage(Exception):
    """The room has no such message."""


@dataclass(frozen=True, slots=True)
class NewReport:
    id: str
    room: str
    reporter: str
    reason: str
    text: str
    at: float
    message: int | None = None
    """Number of the reported message."""
    person: str | None = None
    """Id of the reported person; None for a report about a message or about the room."""


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """A report as stored. Times are in Unix seconds."""

    id: str
    room: str
    kind: str
    """`message`, `person` or `room`."""
    message: int | None
    message_text: str
    person: Who | None
    """The person whom the report concerns: the author of the reported message, the reported person,
    or the owner of the reported room.
    """
    reporter: Who | None
    reason: str
    text: str
    state: str
    """`open` or `decided`."""
    decision: str | None
    note: str
    answer: str | None
    at: float
    decided_at: float | None
    answered_at: float | None


class ReportStore:
    """The reports in the database. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewReport) -> None:
        """Stores a report. Raises TooManyReports. Raises NoSuchMessage if the reported message does
        not exist or was never shown.
        """

        async def add(connection: AsyncConnection) -> None:
            await _require_few(connection, new)
            kind, who, text = "room", None, ""
            if new.message is not None:
                found = (
                    await connection.execute(
                        sa.select(message.c.person, message.c.body).where(
                            message.c.room == new.room,
                            message.c.sequence == new.message,
                            message.c.state.in_(("shown", "removed")),
                            message.c.kind == "chat",
                        )
                    )
                ).one_or_none()
                if found is None:
                    raise NoSuchMessage
                kind, who, text = "message", found.person, found.body
            elif new.person is not None:
                kind, who = "person", new.person
            else:
                who = await connection.scalar(
                    sa.select(room.c.owner).where(room.c.room == new.room)
                )
            await connection.execute(
                table.insert().values(
                    id=new.id,
                    room=new.room,
                    kind=kind,
                    message=new.message,
                    message_text=text,
                    person=who,
                    reporter=new.reporter,
                    reason=new.reason,
                    text=new.text,
                    at=new.at,
                )
            )

        await self._database.write(add)

    async def find(self, report: str) -> ReportRecord | None:
        records = await self._select(table.c.id == report)
        return records[0] if records else None

    async def of_room(self, name: str, without: Collection[str]) -> list[ReportRecord]:
        """Returns the reports about messages and people of a room, the newest first. `without`: the
        result contains no reports about these people.
        """
        return await self._select(
            table.c.room == name,
            table.c.kind != "room",
            sa.or_(table.c.person.is_(None), table.c.person.not_in(without)),
        )

    async def made_by(self, who: str) -> list[ReportRecord]:
        return await self._select(table.c.reporter == who)

    async def about(self, who: str) -> list[ReportRecord]:
        return await self._select(table.c.person == who)

    async def all(self, state: str | None = None) -> list[ReportRecord]:
        """Returns the reports of all rooms for the operator, the newest first."""
        return await self._select(*([] if state is None else [table.c.state == state]))

    async def decide(self, report: str, decision: str, note: str, at: float) -> bool:
        """Stores the decision on a report. Returns False if the report is decided already."""
        return await self._update(
            sa.and_(table.c.id == report, table.c.state == "open"),
            state="decided",
            decision=decision,
            note=note,
            decided_at=at,
        )

    async def answer(self, report: str, who: str, text: str, at: float) -> bool:
        """Stores the answer of the reported person. Returns False if there is an answer already."""
        return await self._update(
            sa.and_(table.c.id == report, table.c.person == who, table.c.answer.is_(None)),
            answer=text,
            answered_at=at,
        )

    async def _update(self, condition: Any, **values: object) -> bool:
        async def update(connection: AsyncConnection) -> bool:
            result = await connection.execute(table.update().where(condition).values(**values))
            return result.rowcount > 0

        return await self._database.write(update)

    async def _select(self, *conditions: Any) -> list[ReportRecord]:
        found = await select_named(
            self._database,
            table.c.person,
            table.c.reporter,
            *conditions,
            order=table.c.at,
            limit=MAX_LISTED,
        )
        return list(map(_record, found))


async def _require_few(connection: AsyncConnection, new: NewReport) -> None:
    times = sorted(
        await connection.scalars(
            sa.select(table.c.at)
            .where(table.c.reporter == new.reporter, table.c.at > new.at - HOUR)
            .order_by(table.c.at.desc())
            .limit(PER_HOUR)
        )
    )
    if len(times) >= PER_HOUR:
        raise TooManyReports(times[0] + HOUR - new.at)


def _record(found: Named) -> ReportRecord:
    row = found.row
    return ReportRecord(
        row["id"],
        row["room"],
        row["kind"],
        row["message"],
        row["message_text"],
        found.person,
        found.other,
        row["reason"],
        row["text"],
        row["state"],
        row["decision"],
        row["note"],
        row["answer"],
        row["at"],
        row["decided_at"],
        row["answered_at"],
    )
