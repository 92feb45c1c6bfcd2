"""Reads all decisions about who may write in a room and who may watch the room, in one transaction.
Also stores the settings of rooms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.bans import BansInForce, read_bans
from server.storage.database import Database
from server.storage.moderation_change import change
from server.storage.moderation_log import LogRecord
from server.storage.moderators import read_moderators
from server.storage.mutes import read_mutes
from server.storage.schema.chat import message
from server.storage.schema.moderation import moderation_state
from server.storage.schema.people import follow
from server.storage.schema.rooms import room
from server.storage.words import read_words

MAX_CHANGED = 10_000
"""Maximum number of creators whose changes one read returns."""


@dataclass(frozen=True, slots=True)
class ModerationRecord:
    """All decisions about who may write in a room and who may watch the room."""

    title: str
    visibility: str
    settings: str
    """The settings of the chat that the creator has chosen, as a JSON object."""
    moderators: frozenset[str]
    words: tuple[str, ...]
    mutes: Mapping[str, float]
    """The ends of the mutes, by person, Unix seconds."""
    bans: BansInForce


# Make this statement only once: SQLAlchemy needs longer to make a statement than to execute it.
_followed = sa.select(follow.c.at).where(
    follow.c.follower == sa.bindparam("who"), follow.c.followed == sa.bindparam("owner")
)
_wrote = sa.exists().where(
    message.c.person == sa.bindparam("who"),
    message.c.room == room.c.room,
    room.c.owner == sa.bindparam("owner"),
    room.c.room != sa.bindparam("name"),
    message.c.state == "shown",
)
_standing = sa.select(_followed.scalar_subquery(), _wrote)


class ModerationStore:
    """The moderation of all rooms. `creator`: id of the room's owner; for a room without an owner,
    `room:` and the name of the room. Every method raises StorageError if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def changed_since(self, at: float) -> dict[str, int]:
        """Returns the revisions of the creators with a change at `at` or later (Unix seconds)."""

        async def read(connection: AsyncConnection) -> dict[str, int]:
            rows = await connection.execute(
                sa.select(moderation_state.c.creator, moderation_state.c.revision)
                .where(moderation_state.c.changed_at >= at)
                .limit(MAX_CHANGED)
            )
            return {row.creator: row.revision for row in rows}

        return await self._database.read(read)

    async def load(self, creator: str, name: str, now: float) -> ModerationRecord | None:
        """Returns the decisions that apply to a room at `now`; None if there is no such room."""
        statement = sa.select(room.c.title, room.c.visibility, room.c.settings).where(
            room.c.room == name
        )

        async def load(connection: AsyncConnection) -> ModerationRecord | None:
            found = (await connection.execute(statement)).one_or_none()
            if found is None:
                return None
            return ModerationRecord(
                *found,
                await read_moderators(connection, creator),
                await read_words(connection, creator),
                await read_mutes(connection, name, now),
                await read_bans(connection, creator, name, now),
            )

        return await self._database.read(load)

    async def standing(self, owner: str, name: str, who: str) -> tuple[float | None, bool]:
        """Returns the time since which the person follows the owner of the room, and whether a
        message of the person was shown in another live of this owner.
        """
        (row,) = await self._database.select(_standing, {"owner": owner, "name": name, "who": who})
        return row[0], bool(row[1])

    async def links(self, creator: str) -> bool:
        """Whether the creator allowed links in the last live."""

        async def find(connection: AsyncConnection) -> bool:
            return bool(
                await connection.scalar(
                    sa.select(moderation_state.c.links).where(moderation_state.c.creator == creator)
                )
            )

        return await self._database.read(find)

    async def change_room(
        self, creator: str, log: LogRecord, values: Mapping[str, Any], links: bool | None = None
    ) -> None:
        """Stores changed columns of the room. `links`: whether the creator allows links from now
        on, also in later lives; None if this permission has not changed.
        """

        async def work(connection: AsyncConnection) -> None:
            if values:
                await connection.execute(
                    room.update().where(room.c.room == log.room).values(**values)
                )
            if links is not None:
                await connection.execute(
                    moderation_state.update()
                    .where(moderation_state.c.creator == creator)
                    .values(links=links)
                )

        await change(self._database, creator, log, work)

    async def record(self, creator: str, log: LogRecord) -> None:
        """Writes a line of the log for an action that another store has carried out."""

        async def nothing(connection: AsyncConnection) -> None:
            return None

        await change(self._database, creator, log, nothing)
