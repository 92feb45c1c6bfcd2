"""Everything that is stored about a person, for the person's own download.

The data contains no hashes and no keys. The data does not show who has reported the person and who
follows the person, because these people did not act in public.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema import chat, discovery, media, moderation, people, rooms

PAGE = 500
"""Number of rows that are read at a time."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of data about a person."""

    name: str
    owner: sa.Column[Any]
    """The column with the person's id."""
    columns: Sequence[sa.Column[Any]]


KINDS = (
    Kind(
        "person",
        people.person.c.id,
        [
            people.person.c[name]
            for name in (
                *("id", "name", "colour", "handle", "language", "created_at", "seen_at"),
                *("delete_at", "bio", "link"),
            )
        ],
    ),
    Kind(
        "devices",
        people.device.c.person,
        [each for each in people.device.c if each.name != "person"],
    ),
    Kind(
        "passkeys",
        people.passkey.c.person,
        [people.passkey.c[name] for name in ("transports", "label", "created_at", "used_at")],
    ),
    Kind(
        "reserved_handles",
        people.handle_reservation.c.person,
        [people.handle_reservation.c.skeleton, people.handle_reservation.c.until],
    ),
    Kind("follows", people.follow.c.follower, [people.follow.c.followed, people.follow.c.at]),
    Kind("hidden", people.hidden.c.person, [people.hidden.c.hidden, people.hidden.c.at]),
    Kind(
        "rooms",
        rooms.room.c.owner,
        [each for each in rooms.room.c if each.name not in ("key_hash", "server", "owner")],
    ),
    Kind(
        "messages",
        chat.message.c.person,
        [each for each in chat.message.c if each.name not in ("person", "removed_by")],
    ),
    Kind(
        "clips",
        media.clip.c.person,
        [each for each in media.clip.c if each.name not in ("person", "creator", "server")],
    ),
    Kind(
        "clips_of_my_lives",
        media.clip.c.creator,
        [each for each in media.clip.c if each.name not in ("person", "creator", "server")],
    ),
    Kind("votes", chat.vote.c.person, [chat.vote.c[name] for name in ("room", "poll", "answer")]),
    Kind(
        "moderator_for",
        moderation.moderator.c.person,
        [moderation.moderator.c.creator, moderation.moderator.c.at],
    ),
    Kind(
        "moderators",
        moderation.moderator.c.creator,
        [moderation.moderator.c.person, moderation.moderator.c.at],
    ),
    Kind("words", moderation.word.c.creator, [moderation.word.c.word]),
    Kind("mutes", moderation.mute.c.person, [moderation.mute.c.room, moderation.mute.c.until]),
    Kind(
        "bans",
        moderation.ban.c.person,
        [moderation.ban.c[name] for name in ("creator", "room", "until", "at")],
    ),
    Kind(
        "bans_made",
        moderation.ban.c.creator,
        [moderation.ban.c[name] for name in ("person", "room", "until", "at")],
    ),
    Kind("reports", moderation.report.c.reporter, [*moderation.report.c]),
    Kind(
        "reports_about_me",
        moderation.report.c.person,
        [
            moderation.report.c[name]
            for name in ("room", "message", "reason", "state", "decision", "answer", "at")
        ],
    ),
    Kind(
        "moderation",
        moderation.moderation_log.c.moderator,
        [each for each in moderation.moderation_log.c if each.name != "moderator"],
    ),
    Kind(
        "moderation_of_me",
        moderation.moderation_log.c.person,
        [moderation.moderation_log.c[name] for name in ("room", "at", "action")],
    ),
    Kind(
        "tags",
        discovery.tag_use.c.creator,
        [each for each in discovery.tag_use.c if each.name != "creator"],
    ),
    Kind(
        "challenges",
        discovery.tag.c.challenge_by,
        [discovery.tag.c[name] for name in ("tag", "challenge_clip", "challenge_at")],
    ),
    Kind(
        "announcements",
        discovery.announcement.c.person,
        [each for each in discovery.announcement.c if each.name != "person"],
    ),
    Kind(
        "reminders",
        discovery.reminder.c.person,
        [discovery.reminder.c.announcement, discovery.reminder.c.at],
    ),
    Kind(
        "taste",
        discovery.taste.c.person,
        [each for each in discovery.taste.c if each.name != "person"],
    ),
    Kind(
        "push_subscriptions",
        discovery.push_subscription.c.person,
        [discovery.push_subscription.c[name] for name in ("endpoint", "created_at")],
    ),
    Kind("pushes_about_me", discovery.pushed.c.creator, [discovery.pushed.c.at]),
)


class PersonalDataStore:
    """Reads page by page, so that the memory does not grow with the amount of data. Every method
    raises StorageError if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pages(self, kind: Kind, person: str) -> AsyncIterator[list[Row]]:
        """Returns all rows of one kind, at most PAGE at a time."""
        keys = list(kind.owner.table.primary_key)
        names = [f"key_{key.name}" for key in keys]
        statement = (
            sa.select(*kind.columns, *(key.label(f"key_{key.name}") for key in keys))
            .where(kind.owner == person)
            .order_by(*keys)
            .limit(PAGE)
        )
        last: list[Any] | None = None
        while True:
            rows = await self._read(
                statement if last is None else statement.where(_after(keys, last))
            )
            if rows:
                last = [rows[-1][name] for name in names]
                yield [
                    {name: value for name, value in row.items() if name not in names}
                    for row in rows
                ]
            if len(rows) < PAGE:
                return

    async def count_followers(self, person: str) -> int:
        """Returns the number of people who follow the person."""
        statement = sa.select(sa.func.count().label("followers")).where(
            people.follow.c.followed == person
        )
        return int((await self._read(statement))[0]["followers"])

    async def _read(self, statement: sa.Select[Any]) -> list[Row]:
        async def read(connection: AsyncConnection) -> list[Row]:
            return [dict(row) for row in (await connection.execute(statement)).mappings()]

        return await self._database.read(read)


def _after(keys: Sequence[sa.Column[Any]], last: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Returns the condition that a row comes after the row with the primary key `last`."""
    return sa.tuple_(*keys) > sa.tuple_(
        *(sa.bindparam(None, value, type_=key.type) for key, value in zip(keys, last, strict=True))
    )
