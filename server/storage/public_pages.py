"""The public pages that robots and readers of feeds may know: people, clips, replays and tags.

Pages of people who are deleted, or whom the operator has banned, are left out.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.public_items import is_banned_everywhere
from server.storage.schema.discovery import tag, tag_use
from server.storage.schema.media import clip, recording
from server.storage.schema.people import person
from server.storage.schema.rooms import room


@dataclass(frozen=True, slots=True)
class PublicName:
    """The part of a URL that names a page: a handle, a tag, or the id of a clip or a room."""

    name: str
    at: float
    """Time of the last change, Unix seconds."""


class PublicPageStore:
    """Reads the names of public pages. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def handles(self, limit: int, now: float) -> list[PublicName]:
        """Returns the handles of people, the most followed people first."""
        return await self._names(
            sa.select(person.c.handle, person.c.created_at)
            .where(person.c.handle.is_not(None), person.c.delete_at.is_(None), _shown(person.c.id))
            .order_by(person.c.followers.desc(), person.c.created_at.desc())
            .limit(limit),
            now,
        )

    async def clips(self, limit: int, now: float) -> list[PublicName]:
        """Returns the ids of clips, the latest first."""
        return await self._names(
            sa.select(clip.c.id, clip.c.published_at)
            .outerjoin(person, person.c.id == clip.c.creator)
            .where(
                clip.c.state == "published",
                clip.c.visibility == "public",
                _shown(clip.c.creator),
                sa.or_(clip.c.person.is_(None), ~is_banned_everywhere(clip.c.person)),
            )
            .order_by(clip.c.published_at.desc())
            .limit(limit),
            now,
        )

    async def replays(self, limit: int, now: float) -> list[PublicName]:
        """Returns the rooms of replays, the latest first."""
        return await self._names(
            sa.select(room.c.room, recording.c.ended_at)
            .join(recording, recording.c.room == room.c.room)
            .outerjoin(person, person.c.id == room.c.owner)
            .where(
                room.c.visibility == "public",
                room.c.ended_at.is_not(None),
                recording.c.ended_at.is_not(None),
                recording.c.keep != "no",
                recording.c.bytes > 0,
                recording.c.delete_at > now,
                _shown(room.c.owner),
            )
            .order_by(recording.c.ended_at.desc())
            .limit(limit),
            now,
        )

    async def tags(self, limit: int, since: float) -> list[PublicName]:
        """Returns the tags that were used after `since` (Unix seconds), the latest first."""
        used = sa.func.max(tag_use.c.at)
        return await self._names(
            sa.select(tag.c.tag, used)
            .join(tag_use, tag_use.c.tag == tag.c.tag)
            .where(tag_use.c.at > since, ~is_banned_everywhere(tag_use.c.creator))
            .group_by(tag.c.tag)
            .order_by(used.desc())
            .limit(limit),
            time.time(),
        )

    async def published(self, clips: Collection[str]) -> dict[str, float]:
        """Returns the times at which clips were published, by id."""
        statement = sa.select(clip.c.id, clip.c.published_at).where(
            clip.c.id.in_(clips), clip.c.published_at.is_not(None)
        )
        return {each.name: each.at for each in await self._names(statement)} if clips else {}

    async def _names(self, statement: sa.Select[Any], now: float | None = None) -> list[PublicName]:
        values = {} if now is None else {"now": now}

        async def select(connection: AsyncConnection) -> list[PublicName]:
            return [PublicName(*row) for row in await connection.execute(statement, values)]

        return await self._database.read(select)


def _shown(who: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether pages of a person are public. `person` is joined."""
    return sa.and_(person.c.deleted_at.is_(None), ~is_banned_everywhere(who))
