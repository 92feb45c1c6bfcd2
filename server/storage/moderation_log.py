"""The log of the moderators' actions in a room."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.moderation import moderation_log as table
from server.storage.who import Who, select_named

MAX_LOG = 10_000
"""Number of lines that the log of a room keeps."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """An action of a moderator. `at`: Unix seconds."""

    room: str
    at: float
    moderator: str | None
    """Id of the moderator; None if the request had the creator key only."""
    action: str
    target: str = ""
    """Number of a message, or id of a person, a report or a link."""
    person: str | None = None
    """Id of the person that the action concerns."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the log, with the people as stored at present."""

    n: int
    at: float
    moderator: Who | None
    action: str
    target: str
    person: Who | None
    detail: str


class ModerationLogStore:
    """The logs of all rooms. `server.storage.moderation_change` writes the lines. Raises
    StorageError if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_room(self, name: str, before: int | None, limit: int) -> list[LogLine]:
        """Returns lines of the log of a room below the number `before`, the newest first."""
        conditions = [table.c.room == name]
        if before is not None:
            conditions.append(table.c.sequence < before)
        found = await select_named(
            self._database,
            table.c.person,
            table.c.moderator,
            *conditions,
            order=table.c.sequence,
            limit=limit,
        )
        return [
            LogLine(
                one.row["sequence"],
                one.row["at"],
                one.other,
                one.row["action"],
                one.row["target"] or "",
                one.person,
                one.row["detail"],
            )
            for one in found
        ]


async def append(connection: AsyncConnection, log: LogRecord) -> None:
    """Adds a line. The caller must first lock the log of this room, so that no other transaction
    adds a line.
    """
    last = await connection.scalar(
        sa.select(sa.func.max(table.c.sequence)).where(table.c.room == log.room)
    )
    number = (last or 0) + 1
    await connection.execute(
        table.insert().values(
            room=log.room,
            sequence=number,
            at=log.at,
            moderator=log.moderator,
            action=log.action,
            target=log.target,
            person=log.person,
            detail=log.detail,
        )
    )
    await connection.execute(
        table.delete().where(table.c.room == log.room, table.c.sequence <= number - MAX_LOG)
    )
