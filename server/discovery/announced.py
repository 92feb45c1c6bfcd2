"""Announced lives: what people may announce, and which live keeps an announcement."""

import secrets
import time
from collections.abc import Callable
from functools import partial

from relay.errors import RefusalCode
from server.discovery.challenges import require_handle
from server.errors import Conflict, Forbidden, NotFound, Unprocessable
from server.people.person import Person
from server.rooms.life import State
from server.rooms.room import Room
from server.rooms.stored_changes import StoredChanges
from server.social.moderation import BANNED_BY_OPERATOR_TEXT
from server.storage.announcements import (
    MAX_OPEN,
    MAX_REMINDERS,
    Announced,
    AnnouncementRecord,
    AnnouncementStore,
    TooManyAnnouncements,
    TooManyReminders,
)
from server.storage.bans import BanStore

AHEAD = 60 * 86_400.0
"""Maximum seconds from an announcement to its live."""
LATE = 60.0
"""Seconds by which the clock of a client may be behind."""
BEGINS_WITHIN = 3_600.0
"""A live keeps an announcement if it begins at most so many seconds earlier or later."""


class AnnouncedLives:
    """The announced lives of all servers. This object observes the rooms; call `close()` at the
    end.
    """

    def __init__(
        self,
        store: AnnouncementStore,
        bans: BanStore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self._bans = bans
        self._clock = clock
        self._changes = StoredChanges()

    async def close(self) -> None:
        self._changes.give_up()
        await self._changes.close()

    async def announce(self, by: Person, title: str, starts_at: float) -> Announced:
        """Announces a live. `starts_at`: Unix seconds. Raises a Refusal or StorageError."""
        require_handle(by)
        now = self._clock()
        if not title:
            raise _bad("an announced live needs a title")
        if not now - LATE <= starts_at <= now + AHEAD:
            raise _bad("the live must start within the next 60 days")
        if await self._bans.holds_everywhere(by.id, now):
            raise Forbidden(RefusalCode.BANNED_BY_OPERATOR, BANNED_BY_OPERATOR_TEXT)
        record = AnnouncementRecord(secrets.token_urlsafe(9), by.id, title, starts_at, now)
        try:
            await self.store.add(record)
        except TooManyAnnouncements as error:
            raise Conflict(
                RefusalCode.TOO_MANY_ANNOUNCEMENTS,
                f"you have announced {MAX_OPEN} lives: delete one of them first",
            ) from error
        return await self.find(record.id, by.id)

    async def find(self, id: str, reader: str = "") -> Announced:
        """Returns an announcement, as `reader` (id of a person, or empty) reads it. Raises
        NotFound.
        """
        found = await self.store.find(id, reader)
        if found is None:
            raise no_announcement()
        return found

    async def delete(self, id: str, by: Person) -> None:
        """Deletes an announcement of `by`. Raises NotFound if there is none."""
        if not await self.store.remove(id, by.id):
            raise no_announcement()

    async def remind(self, id: str, by: Person) -> Announced:
        """Reminds a person of an announced live. Raises a Refusal or StorageError."""
        await self.find(id)
        try:
            await self.store.remind(id, by.id, self._clock())
        except TooManyReminders as error:
            raise Conflict(
                RefusalCode.TOO_MANY_REMINDERS,
                f"you are reminded of {MAX_REMINDERS} lives: remove a reminder first",
            ) from error
        return await self.find(id, by.id)

    def room_changed(self, room: Room, before: State) -> None:
        """Implements RoomObserver."""
        owner = room.record.owner
        begins = before is State.IDLE and room.state is State.LIVE
        if begins and owner is not None and room.record.visibility == "public":
            now = self._clock()
            self._changes.store(partial(self.store.begin, owner, room.name, now, BEGINS_WITHIN))


def no_announcement() -> NotFound:
    return NotFound(RefusalCode.ANNOUNCEMENT_NOT_FOUND, "there is no such announced live")


def _bad(text: str) -> Unprocessable:
    return Unprocessable(RefusalCode.BAD_ANNOUNCEMENT, text)
