"""The watch links of private rooms."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.among import CHUNK
from server.storage.database import Database
from server.storage.schema.moderation import watch_link as table

MAX_LINKS = 100
"""Maximum number of valid links of one room."""
MAX_LISTED = 200


class TooManyLinks(Exception):
    """The room has MAX_LINKS valid links."""


@dataclass(frozen=True, slots=True)
class WatchLinkRecord:
    """A watch link. Times are in Unix seconds."""

    id: str
    room: str
    created_at: float
    expires_at: float
    revoked_at: float | None = None


class WatchLinkStore:
    """The watch links in the database. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, link: WatchLinkRecord) -> None:
        """Stores a link. Raises TooManyLinks."""

        async def add(connection: AsyncConnection) -> None:
            valid = await connection.scalar(
                sa.select(sa.func.count())
                .select_from(table)
                .where(
                    table.c.room == link.room,
                    table.c.revoked_at.is_(None),
                    table.c.expires_at > link.created_at,
                )
            )
            if (valid or 0) >= MAX_LINKS:
                raise TooManyLinks
            await connection.execute(
                table.insert().values(
                    id=link.id,
                    room=link.room,
                    created_at=link.created_at,
                    expires_at=link.expires_at,
                )
            )

        await self._database.write(add)

    async def of_room(self, room: str) -> list[WatchLinkRecord]:
        """Returns the links of a room, the newest first."""
        return await self._select(
            table.select()
            .where(table.c.room == room)
            .order_by(table.c.created_at.desc())
            .limit(MAX_LISTED)
        )

    async def find_all(self, room: str, links: Collection[str]) -> dict[str, WatchLinkRecord]:
        """Returns the links in `links` that belong to the room, by id."""
        wanted = list(links)
        found: dict[str, WatchLinkRecord] = {}
        for first in range(0, len(wanted), CHUNK):
            chunk = table.c.id.in_(wanted[first : first + CHUNK])
            records = await self._select(table.select().where(chunk, table.c.room == room))
            found.update((record.id, record) for record in records)
        return found

    async def revoke(self, room: str, link: str, at: float) -> bool:
        """Revokes a link. If the link is revoked already, its time of revocation stays the same.
        Returns whether the room has such a link.
        """

        async def revoke(connection: AsyncConnection) -> bool:
            result = await connection.execute(
                table.update()
                .where(table.c.id == link, table.c.room == room)
                .values(revoked_at=sa.func.coalesce(table.c.revoked_at, at))
            )
            return result.rowcount > 0

        return await self._database.write(revoke)

    async def _select(self, statement: sa.Select[tuple[object, ...]]) -> list[WatchLinkRecord]:
        async def select(connection: AsyncConnection) -> list[WatchLinkRecord]:
            rows = (await connection.execute(statement)).mappings()
            return [WatchLinkRecord(**row) for row in rows]

        return await self._database.read(select)
