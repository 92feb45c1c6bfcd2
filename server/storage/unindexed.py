"""Public lives, clips and people that have no words for the search, because an older release has
stored them.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.items import CLIP, LIVE, PERSON, index_clip, index_live, index_person
from server.storage.schema.discovery import search_gram
from server.storage.schema.media import clip
from server.storage.schema.people import person
from server.storage.schema.rooms import room

INDEX = {PERSON: index_person, LIVE: index_live, CLIP: index_clip}


class UnindexedStore:
    """Finds and adds such items. Every method raises StorageError if the database fails."""

    kinds = tuple(INDEX)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def after(self, kind: str, id: str, limit: int) -> list[str]:
        """Returns items of a kind without words, in the order of their ids, from the id after `id`
        on.
        """
        column, public = _public(kind)
        words = sa.exists().where(search_gram.c.item == column, search_gram.c.kind == kind)
        statement = (
            sa.select(column).where(column > id, public, ~words).order_by(column).limit(limit)
        )

        async def select(connection: AsyncConnection) -> list[str]:
            return list(await connection.scalars(statement))

        return await self._database.read(select)

    async def add(self, kind: str, ids: Sequence[str]) -> None:
        """Stores the words of items."""

        async def add(connection: AsyncConnection) -> None:
            for id in ids:
                await INDEX[kind](connection, id)

        await self._database.write(add)


def _public(kind: str) -> tuple[sa.Column[Any], sa.ColumnElement[bool]]:
    match kind:
        case "person":
            return person.c.id, person.c.handle.is_not(None)
        case "live":
            named = sa.and_(room.c.title != "", room.c.live_at.is_not(None))
            return room.c.room, sa.and_(named, room.c.visibility == "public")
        case _:
            named = sa.and_(clip.c.title != "", clip.c.state == "published")
            return clip.c.id, sa.and_(named, clip.c.visibility == "public")
