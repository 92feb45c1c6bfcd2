"""Counts the people who watch one room, sends the counts to the viewers, and stores the counts."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace

from relay.callbacks import ignore
from server.rooms.life import State
from server.rooms.part import RoomContext, RoomPart, Timer
from server.social.joins import Joins
from server.social.presence import Presence, Watching
from server.social.spacing import Spacing
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

PRESENCE_EVERY = 1.0
"""Minimum seconds between two presence events."""
JOINED_EVERY = 3.0
"""Minimum seconds between two events that show who joined."""
STORE_EVERY = 30.0
"""Maximum seconds from a change of the figures until the figures are stored. After a restart, the
server continues with the stored figures.
"""


class RoomPresence(RoomPart):
    """Counts the viewers of the live. The owner of the room does not count as a viewer."""

    def __init__(
        self,
        context: RoomContext,
        shows_joins: Callable[[], bool],
        joined: Callable[[str], None] = ignore,
    ) -> None:
        """`shows_joins`: whether viewers may see at present who joins. `joined`: a function to call
        with each person who joins for the first time.
        """
        super().__init__(context)
        self._shows_joins = shows_joins
        self._joined = joined
        record = context.record
        self._presence = Presence(record.peak, record.people)
        self._joins = Joins()
        self._posted = self._presence.measure(0, on_air=False)
        self._presence_spacing = Spacing(PRESENCE_EVERY)
        self._joined_spacing = Spacing(JOINED_EVERY)
        self._presence_timer: Timer | None = None
        self._joined_timer: Timer | None = None
        self._store_timer: Timer | None = None
        self._storing: asyncio.Task[None] | None = None
        self._on_air = record.live_at is not None

    @property
    def figures(self) -> Watching:
        """The present figures."""
        channel = self._context.channel
        return self._presence.measure(channel.viewers - channel.direct_viewers, on_air=self._on_air)

    # Calls of the room

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        if person is not None and person == self._context.record.owner:
            return
        new = self._presence.join(viewer, person, media)
        if new and person is not None:
            self._joined(person)
        self.viewers_changed()
        known = self._context.person(person)
        if new and known and known.name and self._on_air and self._shows_joins():
            self._joins.add(known.name)
            if self._joined_timer is None:
                self._post_joined()

    def viewer_left(self, viewer: int) -> None:
        self._presence.leave(viewer)
        self.viewers_changed()

    def viewers_changed(self) -> None:
        """Handles a change of the number of viewers. The viewers of all transports count."""
        if self._presence_timer is None:
            # Wait even before the first event, so that a viewer who replaces a connection causes no
            # event.
            wait = max(self._presence_spacing.wait(self._context.now), PRESENCE_EVERY / 4)
            self._presence_timer = self._context.call_later(wait, self._post_presence)

    def state_changed(self, before: State, after: State) -> None:
        if after is State.LIVE and not self._on_air:
            self._on_air = True
            self.viewers_changed()

    async def conclude(self) -> None:
        self._stop_timers()
        self._on_air = False  # the end of the room stores the figures

    async def close(self) -> None:
        self._stop_timers()
        if self._storing:
            await asyncio.wait([self._storing])
        if self._on_air:
            await self._store()

    # Events

    def _post_presence(self) -> None:
        self._presence_timer = None
        figures = self.figures
        if figures == self._posted:
            return
        self._posted = figures
        self._presence_spacing.sent(self._context.now)
        self._context.post(
            {
                "type": "presence",
                "viewers": figures.viewers,
                "peak": figures.peak,
                "people": figures.people,
            },
            key="presence",
        )
        if self._store_timer is None and self._on_air:
            self._store_timer = self._context.call_later(STORE_EVERY, self._start_storing)

    def _post_joined(self) -> None:
        self._joined_timer = None
        if not self._joins.waiting or not self._shows_joins():
            return
        now = self._context.now
        if wait := self._joined_spacing.wait(now):
            self._joined_timer = self._context.call_later(wait, self._post_joined)
            return
        self._joined_spacing.sent(now)
        self._context.post(self._joins.take(secrets.randbits(16)))

    # Storage

    def _start_storing(self) -> None:
        self._store_timer = None
        self._storing = asyncio.get_running_loop().create_task(self._store())

    async def _store(self) -> None:
        figures, record = self.figures, self._context.record
        # Only other servers read the present number.
        viewers = figures.viewers if record.server else 0
        stored = record.peak, record.people, record.viewers
        if (figures.peak, figures.people, viewers) == stored:
            return
        try:
            await self._context.storage.rooms.change(
                record.room, peak=figures.peak, people=figures.people, viewers=viewers
            )
        except StorageError as error:
            logger.warning("room %s: the figures are not stored yet: %s", record.room, error)
        else:
            self._context.record = replace(
                self._context.record, peak=figures.peak, people=figures.people, viewers=viewers
            )

    def _stop_timers(self) -> None:
        for timer in (self._presence_timer, self._joined_timer, self._store_timer):
            if timer:
                timer.cancel()
        self._presence_timer = self._joined_timer = self._store_timer = None
