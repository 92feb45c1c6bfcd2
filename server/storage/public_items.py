"""Reads public lives, replays and clips with their creators and tags, for lists of items.

Items of people who are deleted, or whom the operator has banned, are left out.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.discovery import tag, tag_use
from server.storage.schema.media import clip, recording, recording_piece
from server.storage.schema.moderation import ban
from server.storage.schema.people import hidden, person
from server.storage.schema.rooms import room
from server.storage.who import Who


@dataclass(frozen=True, slots=True)
class PublicLive:
    """A public live that was on air, or is. Times are Unix seconds."""

    room: str
    title: str
    server: str
    """Id of the server that runs or ran the room."""
    live_at: float
    ended_at: float | None
    duration: float | None
    mood: str
    viewers: int
    creator: Who | None
    replay: bool
    """Whether there is a finished recording that is kept."""
    width: int | None
    height: int | None
    """Size of the picture in the recording, px."""


@dataclass(frozen=True, slots=True)
class PublicClip:
    """A public clip."""

    id: str
    room: str
    title: str
    duration: float
    width: int
    height: int
    revision: int
    pictures: bool
    mood: str
    creator: Who | None


@dataclass(frozen=True, slots=True)
class PublicItems:
    """Lives and clips by id, and the tags (key and name) of each."""

    lives: Mapping[str, PublicLive] = field(default_factory=dict)
    clips: Mapping[str, PublicClip] = field(default_factory=dict)
    tags: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)


class PublicItemStore:
    """Reads public items. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def answers(self) -> bool:
        """Whether the database could be reached lately."""
        return self._database.answers

    async def find(self, rooms: Collection[str], clips: Collection[str], now: float) -> PublicItems:
        """Returns those of the lives and the clips that are public."""

        async def select(connection: AsyncConnection) -> PublicItems:
            lives, found = [], []
            if rooms:
                lives = await _rows(connection, _LIVES, {"rooms": list(rooms), "now": now})
            if clips:
                found = await _rows(connection, _CLIPS, {"clips": list(clips), "now": now})
            tags: dict[str, list[tuple[str, str]]] = {}
            for row in await _rows(connection, _TAGS, {"items": [*rooms, *clips]}):
                tags.setdefault(row["item"], []).append((row["tag"], row["name"]))
            return PublicItems(
                {row["room"]: _live(row) for row in lives},
                {row["id"]: _clip(row) for row in found if _is_public(row)},
                tags,
            )

        return await self._database.read(select) if rooms or clips else PublicItems()

    async def people(self, ids: Collection[str], now: float, key: str = "") -> list[Who]:
        """Returns those of the people who have a handle, and the person whose handle has a key."""
        statement = sa.select(person.c.id, person.c.name, person.c.colour, person.c.handle).where(
            sa.or_(person.c.id.in_(ids), person.c.handle_key == key),
            person.c.handle.is_not(None),
            _shown_creator(person.c.id),
        )

        async def select(connection: AsyncConnection) -> list[Who]:
            return [Who(*row) for row in await connection.execute(statement, {"now": now})]

        return await self._database.read(select) if ids or key else []

    async def latest_of(self, creator: str, limit: int) -> tuple[list[str], list[str]]:
        """Returns the rooms of the last lives of a person, and the last clips of all lives of
        the person, the latest first. Some of them may be deleted.
        """
        rooms = (
            sa.select(room.c.room)
            .where(room.c.owner == creator, room.c.live_at.is_not(None))
            .where(room.c.visibility == "public")
            .order_by(room.c.live_at.desc())
            .limit(limit)
        )
        clips = (
            sa.select(clip.c.id)
            .where(clip.c.creator == creator, clip.c.published_at.is_not(None))
            .where(clip.c.visibility == "public")
            .order_by(clip.c.published_at.desc())
            .limit(limit)
        )

        async def select(connection: AsyncConnection) -> tuple[list[str], list[str]]:
            return list(await connection.scalars(rooms)), list(await connection.scalars(clips))

        return await self._database.read(select)

    async def unseen_by(self, viewer: str, now: float) -> frozenset[str]:
        """Returns the creators whose items a viewer does not see: whom the viewer hides, and who
        have banned the viewer.
        """
        rows = await self._database.select(_UNSEEN, {"viewer": viewer, "now": now})
        return frozenset(row[0] for row in rows)


_NOW = sa.bindparam("now", type_=sa.Double)


def is_banned_everywhere(who: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether the operator has banned a person. The statement has the parameter `now`."""
    return sa.exists().where(
        ban.c.creator == "",
        ban.c.room.is_(None),
        ban.c.person == who,
        sa.or_(ban.c.until.is_(None), ban.c.until > _NOW),
    )


def _shown_creator(who: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether the items of a creator are shown. `person` is joined."""
    return sa.and_(person.c.deleted_at.is_(None), ~is_banned_everywhere(who))


_CREATOR = [
    person.c.id.label("person"),
    person.c.name,
    person.c.colour,
    person.c.handle,
]

# Make these statements only once: SQLAlchemy needs longer to make a statement than to execute it.
_LIVES = (
    sa.select(
        *(room.c.room, room.c.title, room.c.server, room.c.live_at, room.c.ended_at),
        *(room.c.duration_s, room.c.mood, room.c.viewers, *_CREATOR),
        *(recording.c.state, recording.c.keep, recording.c.delete_at, recording.c.bytes),
        *(recording_piece.c.width, recording_piece.c.height),
        _NOW.label("now"),
    )
    .select_from(
        room.outerjoin(person, person.c.id == room.c.owner)
        .outerjoin(recording, recording.c.room == room.c.room)
        .outerjoin(
            recording_piece,
            sa.and_(recording_piece.c.room == room.c.room, recording_piece.c.piece == 1),
        )
    )
    .where(
        room.c.room.in_(sa.bindparam("rooms", expanding=True)),
        room.c.visibility == "public",
        room.c.live_at.is_not(None),
        _shown_creator(room.c.owner),
    )
)
_CLIPS = (
    sa.select(
        *(clip.c.id, clip.c.room, clip.c.title, clip.c.duration, clip.c.width, clip.c.height),
        *(clip.c.revision, clip.c.pictures, clip.c.state, clip.c.visibility, *_CREATOR),
        sa.func.coalesce(room.c.mood, "").label("mood"),
    )
    .select_from(
        clip.outerjoin(person, person.c.id == clip.c.creator).outerjoin(
            room, room.c.room == clip.c.room
        )
    )
    .where(
        # With a condition for the state, SQLite would read all published clips instead.
        clip.c.id.in_(sa.bindparam("clips", expanding=True)),
        _shown_creator(clip.c.creator),
        sa.or_(clip.c.person.is_(None), ~is_banned_everywhere(clip.c.person)),
    )
)
_TAGS = (
    sa.select(tag_use.c.item, tag.c.tag, tag.c.name)
    .join(tag, tag.c.tag == tag_use.c.tag)
    .where(tag_use.c.item.in_(sa.bindparam("items", expanding=True)))
    .order_by(tag_use.c.item, tag_use.c.tag)
)
_EITHER = sa.union(
    sa.select(hidden.c.hidden.label("creator")).where(hidden.c.person == sa.bindparam("viewer")),
    sa.select(ban.c.creator).where(
        ban.c.person == sa.bindparam("viewer"),
        ban.c.creator != "",
        ban.c.room.is_(None),
        sa.or_(ban.c.until.is_(None), ban.c.until > _NOW),
    ),
).subquery()
_UNSEEN = sa.select(_EITHER.c.creator)


async def _rows(
    connection: AsyncConnection, statement: sa.Select[Any], values: Mapping[str, Any]
) -> list[sa.RowMapping]:
    return list((await connection.execute(statement, values)).mappings())


def _live(row: sa.RowMapping) -> PublicLive:
    replay = (
        row["ended_at"] is not None
        and row["state"] not in (None, "recording")
        and row["keep"] != "no"
        and bool(row["bytes"])
        and (row["delete_at"] is None or row["delete_at"] > row["now"])
    )
    return PublicLive(
        row["room"],
        row["title"],
        row["server"],
        row["live_at"],
        row["ended_at"],
        row["duration_s"],
        row["mood"],
        row["viewers"],
        _creator(row),
        replay,
        row["width"],
        row["height"],
    )


def _is_public(row: sa.RowMapping) -> bool:
    return bool(row["state"] == "published" and row["visibility"] == "public")


def _clip(row: sa.RowMapping) -> PublicClip:
    return PublicClip(
        row["id"],
        row["room"],
        row["title"],
        row["duration"] / 1_000_000,
        row["width"],
        row["height"],
        row["revision"],
        bool(row["pictures"]),
        row["mood"],
        _creator(row),
    )


def _creator(row: sa.RowMapping) -> Who | None:
    if row["person"] is None:
        return None
    return Who(row["person"], row["name"], row["colour"], row["handle"])
