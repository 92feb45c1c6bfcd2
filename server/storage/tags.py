"""The tags of public lives and clips, how often they are used, and challenges."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.discovery.tags import Tag
from server.storage.database import Database
from server.storage.items import CLIP, LIVE, NO_CHALLENGE, has_media, put_tag
from server.storage.public_items import is_banned_everywhere
from server.storage.schema.discovery import tag as table
from server.storage.schema.discovery import tag_hour, tag_use
from server.storage.schema.media import clip
from server.storage.schema.rooms import room
from server.storage.schema.upsert import insert

HOUR = 3_600.0
KEPT_HOURS = 14 * 24
"""Hours for which the numbers of uses are kept."""
MAX_READ = 2_000
"""Maximum number of tags whose numbers are read."""
MAX_CHALLENGES = 5
"""Maximum number of challenges of one person."""


class Pinned(Enum):
    """The outcome of `TagStore.challenge`."""

    PINNED = "the tag is the challenge of the person"
    TAKEN = "the tag is the challenge of another person"
    TOO_MANY = "the person has MAX_CHALLENGES challenges"


@dataclass(frozen=True, slots=True)
class TagRecord:
    """A tag that was used. `challenge`: the pinned clip; None if the tag is no challenge."""

    tag: str
    name: str
    challenge: str | None = None
    challenge_by: str | None = None


@dataclass(frozen=True, slots=True)
class TagCounts:
    """By how many creators a tag was used."""

    tag: str
    recent: int
    """Creators within the last hours (`TagStore.counts`)."""
    past: int
    """Sum of the creators of each hour before that."""


@dataclass(frozen=True, slots=True)
class TagUse:
    kind: str
    """`live` or `clip`."""
    item: str
    at: float


class TagStore:
    """The tags of all servers that share the database. Every method raises StorageError if the
    database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, tags: Collection[str]) -> dict[str, TagRecord]:
        """Returns those of the tags that a public item has, by tag. Items and challenges of people
        whom the operator has banned do not count, nor does a challenge whose clip is not public.
        """
        used = sa.exists().where(
            tag_use.c.tag == table.c.tag, ~is_banned_everywhere(tag_use.c.creator)
        )
        pinned = sa.and_(
            clip.c.id == table.c.challenge_clip,
            _public_clip(),
            ~is_banned_everywhere(table.c.challenge_by),
        )
        statement = (
            sa.select(table.c.tag, table.c.name, clip.c.id, table.c.challenge_by)
            .select_from(table.outerjoin(clip, pinned))
            .where(table.c.tag.in_(tags), used)
        )

        async def select(connection: AsyncConnection) -> dict[str, TagRecord]:
            rows = await connection.execute(statement, {"now": time.time()})
            return {row[0]: TagRecord(*row) for row in rows}

        return await self._database.read(select) if tags else {}

    async def uses(
        self, tag: str, limit: int, before: tuple[float, str] | None = None
    ) -> list[TagUse]:
        """Returns the public items with a tag, the latest first. Leaves out lives that have ended
        without a recording. `before`: time and item of the last item of the previous page.
        """
        statement = (
            sa.select(tag_use.c.kind, tag_use.c.item, tag_use.c.at)
            .where(tag_use.c.tag == tag, _is_public())
            .order_by(tag_use.c.at.desc(), tag_use.c.item.desc())
            .limit(limit)
        )
        if before is not None:
            at, item = before
            statement = statement.where(
                sa.or_(tag_use.c.at < at, sa.and_(tag_use.c.at == at, tag_use.c.item < item))
            )

        async def select(connection: AsyncConnection) -> list[TagUse]:
            return [TagUse(*row) for row in await connection.execute(statement)]

        return await self._database.read(select)

    async def count(self, tag: str) -> int:
        """Returns the number of items with a tag."""
        statement = sa.select(sa.func.count()).where(tag_use.c.tag == tag)

        async def select(connection: AsyncConnection) -> int:
            return int(await connection.scalar(statement) or 0)

        return await self._database.read(select)

    # Trends

    async def roll_up(self, hour: int) -> None:
        """Stores how many creators used each tag in an hour (hours since 1970). Several servers may
        do the same.
        """
        used = (
            sa.select(
                tag_use.c.tag,
                sa.literal(hour).label("hour"),
                sa.func.count(sa.distinct(tag_use.c.creator)).label("uses"),
            )
            .where(tag_use.c.at >= hour * HOUR, tag_use.c.at < (hour + 1) * HOUR)
            .group_by(tag_use.c.tag)
            .order_by(tag_use.c.tag)
        )

        async def roll_up(connection: AsyncConnection) -> None:
            statement = insert(connection, tag_hour).from_select(["tag", "hour", "uses"], used)
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["tag", "hour"], set_={"uses": statement.excluded.uses}
                )
            )

        await self._database.write(roll_up)

    async def counts(self, now: float, recent_hours: int) -> list[TagCounts]:
        """Returns how much tags were used within `recent_hours`, and within the KEPT_HOURS before
        the present hour. The tags with most recent uses are first.
        """
        since = now - recent_hours * HOUR
        recent = (
            sa.select(
                tag_use.c.tag, sa.func.count(sa.distinct(tag_use.c.creator)).label("creators")
            )
            .where(tag_use.c.at > since, tag_use.c.at <= now)
            .group_by(tag_use.c.tag)
            .subquery()
        )
        hour = int(now // HOUR)
        past = (
            sa.select(tag_hour.c.tag, sa.func.sum(tag_hour.c.uses).label("uses"))
            .where(tag_hour.c.hour >= hour - KEPT_HOURS, tag_hour.c.hour < int(since // HOUR))
            .group_by(tag_hour.c.tag)
            .subquery()
        )
        either = sa.union(sa.select(recent.c.tag), sa.select(past.c.tag)).subquery()
        statement = (
            sa.select(
                either.c.tag,
                sa.func.coalesce(recent.c.creators, 0).label("recent"),
                sa.func.coalesce(past.c.uses, 0).label("past"),
            )
            .select_from(
                either.outerjoin(recent, recent.c.tag == either.c.tag).outerjoin(
                    past, past.c.tag == either.c.tag
                )
            )
            .order_by(sa.text("recent DESC"), sa.text("past DESC"), either.c.tag)
            .limit(MAX_READ)
        )

        async def select(connection: AsyncConnection) -> list[TagCounts]:
            return [TagCounts(*map(_plain, row)) for row in await connection.execute(statement)]

        return await self._database.read(select)

    # Challenges

    async def challenge(self, tag: Tag, clip: str, by: str, now: float) -> Pinned:
        """Pins a clip to a tag, which then is a challenge of the person `by`."""
        others = sa.select(sa.func.count()).where(
            table.c.challenge_by == by, table.c.tag != tag.tag
        )
        free = sa.or_(
            table.c.challenge_by.is_(None),
            table.c.challenge_by == by,
            ~_pins_public_clip(),
            is_banned_everywhere(table.c.challenge_by),
        )
        values = {"challenge_by": by, "challenge_clip": clip, "challenge_at": now}
        pinned = table.update().where(table.c.tag == tag.tag, free).values(values)

        async def pin(connection: AsyncConnection) -> Pinned:
            if (await connection.scalar(others) or 0) >= MAX_CHALLENGES:
                return Pinned.TOO_MANY
            await put_tag(connection, tag, now)
            changed = (await connection.execute(pinned, {"now": now})).rowcount > 0
            return Pinned.PINNED if changed else Pinned.TAKEN

        return await self._database.write(pin)

    async def end_challenge(self, tag: str, by: str) -> bool:
        """Ends a challenge of a person. Returns False if there is none."""
        statement = (
            table.update()
            .where(table.c.tag == tag, table.c.challenge_by == by)
            .values(NO_CHALLENGE)
        )

        async def end(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).rowcount > 0

        return await self._database.write(end)


def _plain(value: Any) -> Any:
    """Returns a sum of PostgreSQL, which is a Decimal, as an int."""
    return value if isinstance(value, str) else int(value)


def _pins_public_clip() -> sa.ColumnElement[bool]:
    return sa.exists().where(clip.c.id == table.c.challenge_clip, _public_clip())


def _public_clip() -> sa.ColumnElement[bool]:
    return sa.and_(clip.c.state == "published", clip.c.visibility == "public")


def _is_public() -> sa.ColumnElement[bool]:
    """Whether the item of a use is public now, and has media."""
    of_clip = sa.exists().where(clip.c.id == tag_use.c.item, _public_clip())
    of_live = sa.exists().where(room.c.room == tag_use.c.item, room.c.visibility == "public")
    return sa.or_(
        sa.and_(tag_use.c.kind == CLIP, of_clip),
        sa.and_(tag_use.c.kind == LIVE, of_live, has_media(tag_use.c.item)),
    )
