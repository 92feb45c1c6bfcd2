"""What the feed reads: the lives of other servers, clips and replays that may be shown, and what
people did with them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.feed_items import FeedSums
from server.storage.recording_records import RECORDING
from server.storage.schema.discovery import feed_item
from server.storage.schema.literals import text
from server.storage.schema.media import clip, recording
from server.storage.schema.moderation import report
from server.storage.schema.people import hidden
from server.storage.schema.rooms import live_activity, room

RECENTLY_SHOWN = 5_000
"""Number of clips among which the best are chosen."""
ACTIVE_WITHIN = 30.0
"""Age up to which the figures of a live of another server count, seconds. Clocks differ."""


@dataclass(frozen=True, slots=True)
class StoredItem:
    """A live, a clip or a replay that may be shown."""

    kind: Literal["live", "clip", "replay"]
    id: str
    """Name of the room, or id of the clip."""
    creator: str
    """Id of the creator; `room:{room}` for a room without an owner."""
    text: str
    """The texts that contain the tags."""
    mood: str
    """The mood that the creator chose, or empty."""
    began: float
    """When the live began, or the clip or the replay was published, Unix seconds."""
    viewers: int = 0
    arrivals: int = 0
    reactors: int = 0
    usual_reactors: float = 0.0
    answers: int = 0


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report about a room or a person."""

    target: str
    """Id of the reported person, or `room:{room}` for a report about a room."""
    reporter: str


class FeedStore:
    """Every method raises StorageError if the database fails."""

    def __init__(self, database: Database, server: str = "") -> None:
        """`server` is the id of this server; "" if one process uses SQLite alone."""
        self._database = database
        self._server = server

    @property
    def shared(self) -> bool:
        """Whether other servers may use the database."""
        return self._server != ""

    @property
    def answers(self) -> bool:
        """Whether the database could be reached lately."""
        return self._database.answers

    # Items that may be shown

    async def other_lives(self, now: float, limit: int) -> list[StoredItem]:
        """Returns the public lives that other servers run, the latest first."""
        values = {"server": self._server, "since": now - ACTIVE_WITHIN, "most": limit}
        return await self._items(_OTHER_LIVES, **values)

    async def latest_clips(self, limit: int) -> list[StoredItem]:
        return await self._items(_LATEST_CLIPS, most=limit)

    async def best_clips(self, limit: int) -> list[StoredItem]:
        """Returns the clips that viewers of the feed like best, among the RECENTLY_SHOWN clips that
        the feed has shown last.
        """

        async def select(connection: AsyncConnection) -> list[StoredItem]:
            rows = await connection.execute(_BEST_CLIPS, {"most": limit})
            return [StoredItem(*row) for row in rows]

        # The statement reads many rows. Other reads do not wait for it.
        return await self._database.read(select)

    async def latest_replays(self, now: float, limit: int) -> list[StoredItem]:
        return await self._items(_LATEST_REPLAYS, now=now, most=limit)

    async def of_creators(
        self, creators: Collection[str], now: float, limit: int
    ) -> list[StoredItem]:
        """Returns the latest clips and replays of creators."""
        values = {"now": now, "most": limit}
        wanted = list(creators)

        async def select(connection: AsyncConnection) -> list[StoredItem]:
            found = []
            for statement, column in (
                (_LATEST_CLIPS, clip.c.creator),
                (_LATEST_REPLAYS, _creator_of_room),
            ):
                rows = await connection.execute(statement.where(column.in_(wanted)), values)
                found += [StoredItem(*row) for row in rows]
            return found

        return await self._database.read(select)

    async def _items(self, statement: sa.Select[Any], **values: Any) -> list[StoredItem]:
        return [StoredItem(*row) for row in await self._database.select(statement, values)]

    # What people did with the items

    async def sums_since(self, at: float, limit: int) -> list[FeedSums]:
        """Returns the sums that have changed since then (Unix seconds), the latest change first."""
        rows = await self._database.select(_SUMS_SINCE, {"since": at, "most": limit})
        return [FeedSums(*row) for row in rows]

    async def reports_since(self, at: float, limit: int) -> list[StoredReport]:
        """Returns the reports about rooms and people that were made since then (Unix seconds),
        except those that were decided without a measure.
        """
        rows = await self._database.select(_REPORTS_SINCE, {"since": at, "most": limit})
        return [
            StoredReport(f"room:{name}" if kind == "room" else person, reporter)
            for kind, name, person, reporter in rows
        ]

    async def hides_since(self, at: float, limit: int) -> list[tuple[str, str]]:
        """Returns who was hidden since then (Unix seconds), and by whom."""
        rows = await self._database.select(_HIDES_SINCE, {"since": at, "most": limit})
        return [(target, by) for target, by in rows]


_creator_of_room = sa.func.coalesce(room.c.owner, text("room:") + room.c.room)
_ZERO = sa.literal_column("0", sa.Integer)
_OTHER_LIVES = (
    sa.select(
        text("live"),
        room.c.room,
        _creator_of_room,
        room.c.title,
        room.c.mood,
        room.c.live_at,
        sa.func.coalesce(live_activity.c.viewers, room.c.viewers),
        sa.func.coalesce(live_activity.c.arrivals, _ZERO),
        sa.func.coalesce(live_activity.c.reactors, _ZERO),
        sa.func.coalesce(live_activity.c.usual_reactors, sa.literal_column("0.0", sa.Double)),
        sa.func.coalesce(live_activity.c.answers, _ZERO),
    )
    .select_from(
        room.outerjoin(
            live_activity,
            sa.and_(
                live_activity.c.room == room.c.room,
                live_activity.c.at > sa.bindparam("since", type_=sa.Double),
            ),
        )
    )
    .where(
        room.c.ended_at.is_(None),
        room.c.live_at.is_not(None),
        room.c.visibility == "public",
        room.c.server != sa.bindparam("server"),
    )
    .order_by(room.c.live_at.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_CLIPS = (
    sa.select(
        text("clip"),
        clip.c.id,
        clip.c.creator,
        clip.c.title + text(" ") + clip.c.caption,
        sa.func.coalesce(room.c.mood, text("")),
        sa.func.coalesce(clip.c.published_at, clip.c.created_at),
        _ZERO,
    )
    .where(clip.c.state == "published", clip.c.visibility == "public")
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_LATEST_CLIPS = _CLIPS.select_from(clip.outerjoin(room, room.c.room == clip.c.room)).order_by(
    clip.c.created_at.desc()
)
_shown_clips = (
    sa.select(feed_item.c.item, feed_item.c.stays, feed_item.c.impressions)
    .where(feed_item.c.kind == "clip")
    .order_by(feed_item.c.at.desc())
    .limit(RECENTLY_SHOWN)
    .subquery()
)
_BEST_CLIPS = _CLIPS.select_from(
    _shown_clips.join(clip, clip.c.id == _shown_clips.c.item).outerjoin(
        room, room.c.room == clip.c.room
    )
).order_by(((_shown_clips.c.stays + 1.0) / (_shown_clips.c.impressions + 10.0)).desc())
_LATEST_REPLAYS = (
    sa.select(
        text("replay"),
        room.c.room,
        _creator_of_room,
        room.c.title,
        room.c.mood,
        recording.c.ended_at,
        _ZERO,
    )
    .select_from(recording.join(room, room.c.room == recording.c.room))
    .where(
        recording.c.state != RECORDING,
        recording.c.keep != "no",
        sa.or_(
            recording.c.delete_at.is_(None),
            recording.c.delete_at > sa.bindparam("now", type_=sa.Double),
        ),
        room.c.ended_at.is_not(None),
        room.c.visibility == "public",
    )
    .order_by(recording.c.ended_at.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_SUMS_SINCE = (
    sa.select(*(feed_item.c[name] for name in FeedSums.__dataclass_fields__))
    .where(feed_item.c.at > sa.bindparam("since", type_=sa.Double))
    .order_by(feed_item.c.at.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_REPORTS_SINCE = (
    sa.select(report.c.kind, report.c.room, report.c.person, report.c.reporter)
    .where(
        report.c.at > sa.bindparam("since", type_=sa.Double),
        report.c.kind != "message",
        report.c.reporter.is_not(None),
        sa.or_(report.c.decision.is_(None), report.c.decision != "dismissed"),
    )
    .order_by(report.c.at.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_HIDES_SINCE = (
    sa.select(hidden.c.hidden, hidden.c.person)
    .where(hidden.c.at > sa.bindparam("since", type_=sa.Double))
    .order_by(hidden.c.at.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
