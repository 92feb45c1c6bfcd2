"""The clips in the database. The object store has their files (`clip_prefix`).

One transaction deletes a clip and discards the prefix of its files, so that no file outlives its
clip (`server.storage.discarded`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.clip_record import ClipRecord
from server.storage.database import Database
from server.storage.discarded import clip_prefix, discard
from server.storage.items import forget_items, index_clip
from server.storage.schema.media import clip as table
from server.storage.who import Who, select_named

PERSON_SECONDS = 600.0
"""Interval in which the clips of one person are counted, seconds."""
MAX_LISTED = 200
"""Maximum number of clips in a list."""
STEP = 100
"""Maximum number of clips that one transaction discards."""
NAMING = frozenset(("title", "caption", "state", "visibility"))
"""Columns on which the tags and the search depend."""
UNFINISHED = ("making", "draft")
"""States of clips whose files are not complete."""


class TooManyOfPerson(Exception):
    """The person has made too many clips lately. `retry_after`: seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__()
        self.retry_after = retry_after


class TooManyOfLive(Exception):
    """The live has too many clips."""


@dataclass(frozen=True, slots=True)
class ListedClip:
    """A clip, with the person who made it."""

    record: ClipRecord
    by: Who | None


class ClipChanges(TypedDict, total=False):
    """Columns that change after the creation of a clip."""

    title: str
    caption: str
    state: str
    visibility: str
    media_time: int
    duration: int
    width: int
    height: int
    bytes: int
    pictures: bool
    revision: int
    published_at: float | None
    deleted_at: float | None
    deleted_by_creator: bool


@dataclass(frozen=True, slots=True)
class ClipLimits:
    """Maximum numbers of clips: of a person in PERSON_SECONDS seconds, and of a live."""

    person: int
    live: int


class ClipStore:
    """The clips of all servers that share the database. Every method raises StorageError if the
    database fails.
    """

    def __init__(self, database: Database, server: str = "") -> None:
        """`server` is the id of this server; "" if one process uses SQLite alone."""
        self._database = database
        self.server = server

    async def add(self, record: ClipRecord, limits: ClipLimits, *, tapped: bool = True) -> None:
        """Stores a new clip of this server. `tapped`: whether a person or a program makes the clip;
        the limit of a person applies only then. Raises TooManyOfPerson or TooManyOfLive.
        """

        async def add(connection: AsyncConnection) -> None:
            if tapped:
                await _require_few_of_person(connection, record, limits.person)
            await _require_few_of_live(connection, record.room, limits.live)
            await connection.execute(table.insert().values(**_values(record, self.server)))

        await self._database.write(add)

    async def find(self, clip: str) -> ListedClip | None:
        """Returns a clip in any state; None if there is no such clip."""
        found = await self._select(table.c.id == clip)
        return found[0] if found else None

    async def of_room(self, room: str, states: Collection[str]) -> list[ListedClip]:
        """Returns the clips of a live in these states, the newest first."""
        return await self._select(table.c.room == room, table.c.state.in_(states))

    async def change(
        self, clip: str, states: Collection[str], **changes: Unpack[ClipChanges]
    ) -> bool:
        """Changes a clip that is in one of these states. Returns False, and changes nothing, if the
        clip is in another state or was deleted.
        """
        statement = table.update().where(table.c.id == clip, table.c.state.in_(states))

        async def change(connection: AsyncConnection) -> bool:
            changed = (await connection.execute(statement.values(**changes))).rowcount > 0
            # A deleted clip keeps its words until its row is deleted: the deletion may be undone.
            if changed and changes.keys() & NAMING and changes.get("state") != "deleted":
                await index_clip(connection, clip)
            return changed

        return await self._database.write(change)

    async def finish(self, record: ClipRecord) -> bool:
        """Stores the final state and figures of a clip that is being made. Returns False, and
        changes nothing, if the clip was deleted meanwhile.
        """
        return await self.change(
            record.id,
            ("making",),
            title=record.title,
            caption=record.caption,
            state=record.state,
            media_time=record.media_time,
            duration=record.duration,
            width=record.width,
            height=record.height,
            bytes=record.bytes,
            pictures=record.pictures,
            revision=record.revision,
            published_at=record.published_at,
        )

    async def approve(self, clip: str, at: float) -> bool:
        """Publishes a clip that waits for its creator. Returns False if the clip does not wait for
        approval.
        """
        return await self.change(clip, ("waiting",), state="published", published_at=at)

    async def delete(self, clip: str, at: float, *, by_creator: bool = False) -> bool:
        """Deletes a finished clip. `restore` undoes the deletion until
        `KeptMediaStore.delete_overdue` deletes the row. Returns False if the clip is not finished
        or is deleted already.
        """
        return await self.change(
            clip,
            ("waiting", "published"),
            state="deleted",
            deleted_at=at,
            deleted_by_creator=by_creator,
        )

    async def restore(self, clip: str, deleted_after: float) -> bool:
        """Undoes the deletion of a clip. Returns False if the clip is not deleted, or was deleted
        before `deleted_after` (Unix seconds).
        """
        return await self._restore(table.c.id == clip, deleted_after)

    async def discard_draft(self, clip: str, now: float) -> None:
        """Deletes a clip permanently, unless the clip is finished: a commit may succeed although
        its answer is lost, and the draft then still exists.
        """
        condition = sa.and_(table.c.id == clip, table.c.state.in_(UNFINISHED))
        await discard_clips(self._database, condition, now)

    async def discard_unfinished(self, now: float) -> int:
        """Deletes the clips that this server has not finished. Returns their number."""
        condition = sa.and_(table.c.state.in_(UNFINISHED), table.c.server == self.server)
        return await discard_clips(self._database, condition, now)

    # The clips of a banned person

    async def delete_of_person(self, creator: str, person: str, at: float) -> None:
        """Deletes the clips that a person made of the lives of a creator. For some seconds,
        `restore_of_person` undoes this deletion.
        """
        condition = sa.and_(table.c.creator == creator, table.c.person == person)
        await self._delete(condition, at)

    async def restore_of_person(self, creator: str, person: str, at: float) -> None:
        """Undoes `delete_of_person` with the same `at`."""
        condition = sa.and_(
            table.c.creator == creator, table.c.person == person, table.c.deleted_at == at
        )
        await self._restore(condition, at)

    async def delete_everywhere(self, person: str, at: float) -> None:
        """Deletes the clips that a person made, and the clips of the person's lives."""
        await self._delete(sa.or_(table.c.person == person, table.c.creator == person), at)

    async def _delete(self, condition: sa.ColumnElement[bool], at: float) -> None:
        statement = (
            table.update()
            .where(condition, table.c.state != "deleted")
            .values(state="deleted", deleted_at=at, deleted_by_creator=True)
        )

        async def delete(connection: AsyncConnection) -> None:
            await connection.execute(statement)

        await self._database.write(delete)

    async def _restore(self, condition: sa.ColumnElement[bool], deleted_after: float) -> bool:
        state = sa.case((table.c.published_at.is_(None), "waiting"), else_="published")
        statement = (
            table.update()
            .where(
                condition,
                table.c.state == "deleted",
                table.c.deleted_at >= deleted_after,
                table.c.revision > 0,
            )
            .values(state=state, deleted_at=None)
        )

        async def restore(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).rowcount > 0

        return await self._database.write(restore)

    async def _select(self, *conditions: Any) -> list[ListedClip]:
        found = await select_named(
            self._database,
            table.c.person,
            None,
            *conditions,
            order=table.c.created_at,
            limit=MAX_LISTED,
        )
        names = table.c.keys()
        return [
            ListedClip(ClipRecord(**{name: one.row[name] for name in names}), one.person)
            for one in found
        ]


async def discard_clips(database: Database, which: sa.ColumnElement[bool], now: float) -> int:
    """Deletes clips in many short transactions. Each transaction also discards the files of its
    clips. Returns the number of clips.
    """

    async def step(connection: AsyncConnection) -> int:
        ids = list(await connection.scalars(sa.select(table.c.id).where(which).limit(STEP)))
        if ids:
            await discard(connection, map(clip_prefix, ids), now)
            await forget_items(connection, ids)
            await connection.execute(table.delete().where(table.c.id.in_(ids)))
        return len(ids)

    discarded = 0
    while number := await database.write(step):
        discarded += number
    return discarded


async def _require_few_of_person(
    connection: AsyncConnection, record: ClipRecord, most: int
) -> None:
    """Raises TooManyOfPerson. All clips of a creator's programs count together."""
    of_person = (
        sa.and_(table.c.person.is_(None), table.c.creator == record.creator)
        if record.person is None
        else table.c.person == record.person
    )
    since = record.created_at - PERSON_SECONDS
    times = list(
        await connection.scalars(
            sa.select(table.c.created_at)
            .where(of_person, table.c.created_at > since)
            .order_by(table.c.created_at.desc())
            .limit(most)
        )
    )
    if len(times) >= most:
        raise TooManyOfPerson(times[-1] - since)


async def _require_few_of_live(connection: AsyncConnection, room: str, most: int) -> None:
    count = await connection.scalar(
        sa.select(sa.func.count())
        .select_from(table)
        .where(table.c.room == room, table.c.state != "deleted")
    )
    if (count or 0) >= most:
        raise TooManyOfLive


def _values(record: ClipRecord, server: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in table.c.keys()} | {"server": server}
