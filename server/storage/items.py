"""The words by which public lives, clips, people and tags are found.

The transaction that makes an item public, or changes its title, also stores its tags and grams. A
query still checks the item itself: an item that is hidden later keeps its words until it is
deleted.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.discovery.grams import grams_of
from server.discovery.tags import Tag, tags_of
from server.storage.schema.discovery import (
    announcement,
    feed_item,
    reminder,
    search_gram,
    tag,
    tag_use,
)
from server.storage.schema.media import clip, recording
from server.storage.schema.people import person
from server.storage.schema.rooms import room
from server.storage.schema.upsert import insert

LIVE = "live"
"""The kind of a live, also after its end."""
CLIP = "clip"
PERSON = "person"
TAG = "tag"

OF_ITEMS = (tag_use, search_gram, feed_item)
"""The tables whose rows belong to one item."""


@dataclass(frozen=True, slots=True)
class _Item:
    kind: str
    id: str
    text: str
    at: float
    """Time of the item, Unix seconds."""
    tags: Sequence[Tag] = ()
    creator: str = ""


async def index_live(connection: AsyncConnection, name: str) -> None:
    """Stores the words of a live. Deletes them if the live is not public, or never went on air."""
    columns = room.c.title, room.c.owner, room.c.visibility, room.c.live_at
    row = (await connection.execute(sa.select(*columns).where(room.c.room == name))).first()
    if row is None or row.visibility != "public" or row.live_at is None:
        await forget_words(connection, [name])
        return
    creator = row.owner or f"room:{name}"
    await _put(connection, _Item(LIVE, name, row.title, row.live_at, tags_of(row.title), creator))


async def index_clip(connection: AsyncConnection, id: str) -> None:
    """Stores the words of a clip. Deletes them if the clip is not public."""
    columns = (
        *(clip.c.title, clip.c.caption, clip.c.creator, clip.c.state, clip.c.visibility),
        clip.c.published_at,
    )
    row = (await connection.execute(sa.select(*columns).where(clip.c.id == id))).first()
    if row is None or row.state != "published" or row.visibility != "public":
        await forget_words(connection, [id])
        return
    tags = tags_of(f"{row.title} {row.caption}")
    at = time.time() if row.published_at is None else row.published_at
    await _put(connection, _Item(CLIP, id, row.title, at, tags, row.creator))


async def index_person(connection: AsyncConnection, id: str) -> None:
    """Stores the words of a person with a handle."""
    columns = person.c.handle, person.c.name, person.c.created_at
    row = (await connection.execute(sa.select(*columns).where(person.c.id == id))).first()
    if row is None or row.handle is None:
        await forget_words(connection, [id])
        return
    await _put(connection, _Item(PERSON, id, f"{row.handle} {row.name}", row.created_at))


async def forget_words(connection: AsyncConnection, items: Collection[str]) -> None:
    """Deletes the tags and the grams of items."""
    for table in (tag_use, search_gram):
        await connection.execute(table.delete().where(_belongs_to(table, items)))


async def forget_items(connection: AsyncConnection, items: Collection[str]) -> None:
    """Deletes everything that belongs to items, in the transaction that deletes the items. A
    challenge whose clip is deleted is over.
    """
    for table in OF_ITEMS:
        await connection.execute(table.delete().where(_belongs_to(table, items)))
    await connection.execute(
        tag.update().where(tag.c.challenge_clip.in_(items)).values(NO_CHALLENGE)
    )


NO_CHALLENGE = {"challenge_by": None, "challenge_clip": None, "challenge_at": None}


def of_lives_of(owner: str) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Returns the rows of the lives of a person, and of the reminders of the person's
    announcements, as tables with conditions.
    """
    rooms = sa.select(room.c.room).where(room.c.owner == owner)
    announced = sa.select(announcement.c.id).where(announcement.c.person == owner)
    return [
        *((table, _belongs_to(table, rooms)) for table in OF_ITEMS),
        (reminder, reminder.c.announcement.in_(announced)),
    ]


def has_media(live: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Whether a live is on air, or has a recording. `live`: a column with the room."""
    on_air = sa.exists().where(room.c.room == live, room.c.ended_at.is_(None))
    return sa.or_(on_air, sa.exists().where(recording.c.room == live))


def _belongs_to(table: sa.Table, items: Collection[str] | sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Whether a row belongs to items that are no tags. A tag may be written like the id of an
    item: `#k3v9x2`.
    """
    return sa.and_(table.c.item.in_(items), table.c.kind != TAG)


async def _put(connection: AsyncConnection, item: _Item) -> None:
    await _put_grams(connection, item)
    await _put_tags(connection, item)


async def _put_grams(connection: AsyncConnection, item: _Item) -> None:
    of_item = sa.and_(search_gram.c.item == item.id, search_gram.c.kind == item.kind)
    await connection.execute(search_gram.delete().where(of_item))
    rows = [
        {"gram": gram, "kind": item.kind, "item": item.id, "at": item.at}
        for gram in sorted(grams_of(item.text))
    ]
    if rows:
        statement = insert(connection, search_gram).on_conflict_do_nothing()
        await connection.execute(statement, rows)


async def _put_tags(connection: AsyncConnection, item: _Item) -> None:
    """Replaces the tags of an item. A tag that the item had before keeps its time."""
    new = {each.tag: each for each in item.tags}
    of_item = sa.and_(tag_use.c.kind == item.kind, tag_use.c.item == item.id)
    former = set(await connection.scalars(sa.select(tag_use.c.tag).where(of_item)))
    if former - new.keys():
        await connection.execute(tag_use.delete().where(of_item, tag_use.c.tag.not_in(list(new))))
    for key in sorted(new.keys() - former):
        use = {"tag": key, "kind": item.kind, "item": item.id, "creator": item.creator}
        await connection.execute(
            insert(connection, tag_use).values(**use, at=item.at).on_conflict_do_nothing()
        )
        await put_tag(connection, new[key], item.at)


async def put_tag(connection: AsyncConnection, new: Tag, at: float) -> None:
    """Stores a tag, unless it is stored already."""
    statement = insert(connection, tag).values(tag=new.tag, name=new.name, at=at)
    added = await connection.execute(statement.on_conflict_do_nothing(index_elements=["tag"]))
    if added.rowcount:
        await _put_grams(connection, _Item(TAG, new.tag, new.tag, at))
