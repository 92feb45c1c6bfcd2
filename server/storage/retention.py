"""The periods for which data is kept, and the deletion of older data."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.items import TAG
from server.storage.live_data import delete_lives, ended_rooms
from server.storage.schema import chat, discovery, moderation, people, rooms
from server.storage.steps import change_in_steps
from server.storage.tags import HOUR, KEPT_HOURS

SIGNED_OUT_FOR = 400 * 86_400.0
"""Minimum number of seconds for which a device that was signed out is kept. The cookie of the
device is valid for this time, and only the row of the device makes the server refuse the cookie.
"""
ANNOUNCED_FOR = 86_400.0
"""Seconds from the start of an announced live for which the announcement is kept."""
UNUSED_TAG_FOR = KEPT_HOURS * HOUR
"""Seconds from its first use for which a tag is kept that no item has any more."""
FEED_ITEM_FOR = 90 * 86_400.0
"""Seconds from the last view in the feed for which the sums of an item are kept."""
PUSHED_FOR = 86_400.0
"""Seconds for which the time of the last push about a creator is kept."""
ROOMS_STEP = 20
"""Maximum number of rooms that one transaction deletes."""

Overdue = tuple[sa.Table, sa.ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class RetentionPeriods:
    """Seconds for which data is kept. For data of a live, the period begins at the end of the live.
    No data of a live is kept longer than the room.
    """

    rooms: float
    messages: float
    reactions: float
    polls: float
    logs: float
    reports: float
    """Period for reports, seconds from the time of the report."""
    devices: float
    """Period for devices, seconds from the last visit. People without a handle and without a
    passkey are kept for the same period.
    """


class Retention:
    """Deletes data that is older than the periods. Raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def purge(self, periods: RetentionPeriods, now: float) -> int:
        """Deletes data that is overdue at `now` (Unix seconds), in many short transactions. Returns
        the number of deleted rows. Several servers may run this method at the same time.
        """
        deleted = 0
        for table, condition in _overdue(periods, now):
            deleted += await change_in_steps(self._database, table.delete(), condition)
        await self._database.write(lambda connection: _forget_guests(connection, periods, now))
        return deleted + await self._delete_rooms(now - periods.rooms, now)

    async def _delete_rooms(self, ended_before: float, now: float) -> int:
        async def delete(connection: AsyncConnection) -> int:
            names = await ended_rooms(connection, ended_before, ROOMS_STEP)
            if names:
                await delete_lives(connection, names, now)
            return len(names)

        deleted = 0
        while step := await self._database.write(delete):
            deleted += step
        return deleted


def _overdue(periods: RetentionPeriods, now: float) -> Iterator[Overdue]:
    # First delete the rows of large tables in steps. The deletion of the room itself then has few
    # rows left.
    rooms_end = now - periods.rooms
    for table, period in (
        (chat.message, periods.messages),
        (chat.reaction_second, periods.reactions),
        (chat.vote, periods.polls),
        (chat.poll, periods.polls),
        (moderation.moderation_log, periods.logs),
    ):
        yield table, _of_ended_rooms(table, max(now - period, rooms_end))
    yield moderation.report, moderation.report.c.at < now - periods.reports
    yield people.device, _unused_device(periods, now)
    for expiring in (moderation.mute.c.until, moderation.ban.c.until):
        yield expiring.table, expiring < now
    yield people.handle_reservation, people.handle_reservation.c.until < now
    for code in (people.transfer.c.expires_at, people.used_challenge.c.expires_at):
        yield code.table, code < now
    yield from _overdue_discovery(now)


def _overdue_discovery(now: float) -> Iterator[Overdue]:
    announced, uses, grams = discovery.announcement, discovery.tag_use, discovery.search_gram
    # The announcement of a deleted live is deleted with the live.
    kept = sa.exists().where(
        announced.c.id == discovery.reminder.c.announcement,
        announced.c.starts_at >= now - ANNOUNCED_FOR,
    )
    yield discovery.reminder, ~kept
    yield announced, announced.c.starts_at < now - ANNOUNCED_FOR
    # A clock that was wrong may have stored hours of the future.
    hour = int(now // HOUR)
    hours = discovery.tag_hour.c.hour
    yield discovery.tag_hour, sa.or_(hours < hour - KEPT_HOURS, hours > hour + 24)
    tag = discovery.tag
    unused = sa.and_(
        tag.c.at < now - UNUSED_TAG_FOR,
        tag.c.challenge_by.is_(None),
        ~sa.exists().where(uses.c.tag == tag.c.tag),
    )
    tags = sa.select(tag.c.tag).where(unused)
    yield grams, sa.and_(grams.c.kind == TAG, grams.c.item.in_(tags))
    yield tag, unused
    yield discovery.feed_item, discovery.feed_item.c.at < now - FEED_ITEM_FOR
    yield discovery.pushed, discovery.pushed.c.at < now - PUSHED_FOR
    subscription, device = discovery.push_subscription, people.device
    signed_in = sa.exists().where(
        device.c.id == subscription.c.device, device.c.revoked_at.is_(None)
    )
    yield subscription, ~signed_in


def _unused_device(periods: RetentionPeriods, now: float) -> sa.ColumnElement[bool]:
    table = people.device
    signed_out = now - max(periods.devices, SIGNED_OUT_FOR)
    return sa.or_(
        sa.and_(table.c.revoked_at.is_(None), table.c.seen_at < now - periods.devices),
        table.c.revoked_at < signed_out,
    )


async def _forget_guests(
    connection: AsyncConnection, periods: RetentionPeriods, now: float
) -> None:
    """Marks old guests for deletion (AccountStore.due): people who cannot sign in and whose last
    visit is too long ago.
    """
    table = people.person
    can_sign_in = sa.exists().where(people.passkey.c.person == table.c.id)
    await connection.execute(
        table.update()
        .where(
            table.c.handle.is_(None),
            table.c.delete_at.is_(None),
            table.c.seen_at < now - periods.devices,
            ~can_sign_in,
        )
        .values(delete_at=now)
    )


def _of_ended_rooms(table: sa.Table, ended_before: float) -> sa.ColumnElement[bool]:
    ended: Any = sa.select(rooms.room.c.room).where(rooms.room.c.ended_at < ended_before)
    return table.c.room.in_(ended)
