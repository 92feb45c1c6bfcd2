"""The sizes and ages of all recordings and clips, and the deletion of recordings and clips that
exceed the bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.live_data import delete_media
from server.storage.schema.media import clip, recording

STEP = 20
"""Maximum number of recordings and of clips that one transaction deletes."""
UNDO_FOR = 15.0
"""Seconds for which the deletion of a clip can be undone. The page offers 10 s."""
UNFINISHED_FOR = 3_600.0
"""Seconds after which a clip is deleted if the person has not finished the clip."""


@dataclass(frozen=True, slots=True)
class KeptMedia:
    """A recording (`id` is the room) or a clip."""

    kind: Literal["recording", "clip"]
    id: str
    bytes: int


class KeptMediaStore:
    """The sizes and ages of recordings and clips. Every method raises StorageError if the database
    fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def total(self) -> int:
        """Returns the bytes of all recordings and clips, of all servers."""

        async def select(connection: AsyncConnection) -> int:
            return int(await connection.scalar(sa.select(_total())) or 0)

        return await self._database.read(select)

    async def oldest(self) -> tuple[list[KeptMedia], int]:
        """Returns the oldest recordings and clips that may be deleted, at most STEP, and the size
        of all recordings and clips in bytes. Running recordings and unfinished clips may not be
        deleted.
        """
        kept = sa.union_all(
            sa.select(
                sa.literal("recording").label("kind"),
                recording.c.room.label("id"),
                recording.c.bytes,
                recording.c.began_at.label("at"),
            ).where(recording.c.state != "recording"),
            sa.select(
                sa.literal("clip").label("kind"),
                clip.c.id,
                clip.c.bytes,
                clip.c.created_at.label("at"),
            ).where(clip.c.state.not_in(("making", "draft"))),
        ).subquery()
        # One statement, so that the sizes and their sum belong together.
        statement = (
            sa.select(kept.c.kind, kept.c.id, kept.c.bytes, _total())
            .order_by(kept.c.at, kept.c.id)
            .limit(STEP)
        )

        async def select(connection: AsyncConnection) -> tuple[list[KeptMedia], int]:
            rows = (await connection.execute(statement)).all()
            return [KeptMedia(*row[:3]) for row in rows], int(rows[0][3]) if rows else 0

        return await self._database.read(select)

    async def delete(self, media: Sequence[KeptMedia], now: float) -> None:
        """Deletes recordings and clips, and discards their objects, in one transaction."""
        rooms = [each.id for each in media if each.kind == "recording"]
        clips = [each.id for each in media if each.kind == "clip"]
        await self._database.write(lambda connection: delete_media(connection, rooms, clips, now))

    async def delete_overdue(self, now: float, clips_before: float) -> int:
        """Deletes recordings whose time of deletion has passed, and clips that were made before
        `clips_before`, were deleted by a person, or were never finished. Returns the number of
        deleted recordings and clips.
        """
        overdue = sa.or_(
            clip.c.created_at < clips_before,
            sa.and_(clip.c.state == "deleted", clip.c.deleted_at < now - UNDO_FOR),
            sa.and_(
                clip.c.state.in_(("making", "draft")), clip.c.created_at < now - UNFINISHED_FOR
            ),
        )
        of_recordings = sa.select(recording.c.room).where(
            recording.c.delete_at <= now, recording.c.state != "recording"
        )
        of_clips = sa.select(clip.c.id).where(overdue)

        async def delete(connection: AsyncConnection) -> int:
            rooms = list(await connection.scalars(of_recordings.limit(STEP)))
            clips = list(await connection.scalars(of_clips.limit(STEP)))
            await delete_media(connection, rooms, clips, now)
            return len(rooms) + len(clips)

        deleted = 0
        while step := await self._database.write(delete):
            deleted += step
        return deleted


def _total() -> sa.ColumnElement[int]:
    sizes = [
        sa.select(sa.func.coalesce(sa.func.sum(table.c.bytes), 0)).scalar_subquery()
        for table in (recording, clip)
    ]
    return (sizes[0] + sizes[1]).label("total")
