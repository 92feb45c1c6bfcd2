"""The best moments of one room. The module counts the people who react, and offers the best moment
so far to the creator.
"""

import asyncio
import logging
from math import ceil

from server.rooms.commands.highlights import BestMoment, BestMoments, ReadHighlights
from server.rooms.life import State
from server.rooms.part import CommandHandlers, RoomContext, RoomPart, Timer
from server.rooms.requester import require_role
from server.social.author import Author, Role
from server.social.crowd import MAX_SECONDS, Crowd
from server.social.highlights import JOINED, MIN_PEOPLE, WINDOW, Highlight, highlights
from server.storage.errors import StorageError
from server.storage.rooms import RoomRecord

logger = logging.getLogger(__name__)

SECOND = 1_000_000
STORE_EVERY = 5.0
"""Interval at which new counts are stored, and at which the room looks for a best moment, seconds.
"""
SETTLED = 12
"""Seconds from a peak until most reactions to the peak have arrived."""
OFFER_EVERY = 60.0
"""Minimum seconds between two offers."""
OFFER_FOR = 45.0
"""Maximum duration of an offer, seconds. Later, the window may have lost the start of the moment.
"""
EARLY = 2
"""Maximum seconds from the first frame until the room is live."""
RECENT = 60
"""Maximum age of a new best moment, seconds. The whole live is searched only if these seconds may
contain a new best moment.
"""


class RoomHighlights(RoomPart):
    """Finds the best moments of the live so far."""

    def __init__(self, context: RoomContext) -> None:
        super().__init__(context)
        self._crowd = Crowd()
        self._loaded = not context.restored
        """Whether the counts include the counts that an earlier process stored."""
        self._first: int | None = None
        """The first second of the live."""
        if context.record.live_at is not None:
            self._first = first_second(context.record, context.record.live_at)
        self._best: Highlight | None = None
        """The moment of the last offer."""
        self._offered_at = float("-inf")
        self._looks = 0
        """Number of further times that the room looks for a best moment if no reactions arrive."""
        self._timer: Timer | None = None
        self._storing: asyncio.Task[None] | None = None
        self._closed = False

    def command_handlers(self) -> CommandHandlers:
        return {ReadHighlights: self.read}

    async def read(self, author: Author, command: ReadHighlights) -> BestMoments:
        require_role(author, Role.CREATOR)
        await self._load()
        return BestMoments(self._all())

    @property
    def moments(self) -> tuple[BestMoment, ...] | None:
        """The best moments so far, the best one first; None if the counts that an earlier process
        stored are not read yet.
        """
        return self._all() if self._loaded else None

    @property
    def offer(self) -> BestMoment | None:
        """The best moment so far, while the creator may publish the moment."""
        if self._best is None or self._context.now > self._offered_at + OFFER_FOR:
            return None
        return self._described(self._best)

    # Reactions

    def react(self, person: str | None, media_time: int) -> None:
        """Counts a tap or a message of a person. The creator does not count."""
        if not person or person == self._context.record.owner or media_time <= 0:
            return
        self._crowd.add(person, media_time // SECOND)
        self._looks = ceil(SETTLED / STORE_EVERY) + 1
        self._set_timer()

    def forget_person(self, person: str) -> None:
        self._crowd.forget(person)

    # Life

    def state_changed(self, before: State, after: State) -> None:
        if after is State.LIVE and self._first is None:
            self._first = first_second(self._context.record, self._context.now)

    async def conclude(self) -> None:
        await self._finish()

    async def close(self) -> None:
        await self._finish()

    async def _finish(self) -> None:
        self._closed = True
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._storing:
            await asyncio.wait([self._storing])
        if self._crowd.waiting:
            await self._store()

    # The best moment so far

    def _look(self) -> None:
        """Offers the best moment so far if the moment is new, and if most reactions to the moment
        have arrived.
        """
        self._looks = max(0, self._looks - 1)
        if self._context.now < self._offered_at + OFFER_EVERY or not self._may_be_new():
            return
        best = next(iter(self._find()), None)
        if best is None or not self._is_new(best):
            return
        if self._context.edge < best.peak + SETTLED * SECOND:
            return
        self._best, self._offered_at = best, self._context.now
        logger.info("room %s: a best moment with %d people", self._context.room, best.people)

    def _may_be_new(self) -> bool:
        """Whether more people reacted within the last minute than at the best moment so far."""
        end = self._context.edge // SECOND + 1
        recent = self._crowd.counts(end - RECENT, end)
        most = max(sum(recent[index : index + WINDOW]) for index in range(RECENT))
        return most >= (self._best.people + 1 if self._best else MIN_PEOPLE)

    def _is_new(self, best: Highlight) -> bool:
        before = self._best
        return before is None or (
            best.people > before.people and abs(best.peak - before.peak) > JOINED * SECOND
        )

    def _find(self) -> list[Highlight]:
        end = self._context.edge // SECOND + 1
        start = first_counted(self._first or 0, end)
        return highlights(self._crowd.counts(start, end), start)

    def _all(self) -> tuple[BestMoment, ...]:
        return tuple(map(self._described, self._find()))

    def _described(self, moment: Highlight) -> BestMoment:
        return described(moment, self._first or 0)

    # Storage

    def _set_timer(self) -> None:
        if self._timer is None and self._storing is None and not self._closed:
            self._timer = self._context.call_later(STORE_EVERY, self._start_storing)

    def _start_storing(self) -> None:
        self._timer = None
        self._storing = asyncio.get_running_loop().create_task(self._store_and_look())
        self._storing.add_done_callback(self._stored)

    def _stored(self, _: asyncio.Task[None]) -> None:
        self._storing = None
        if self._crowd.waiting or self._looks:
            self._set_timer()

    async def _store_and_look(self) -> None:
        await self._store()
        self._look()

    async def _store(self) -> None:
        stored, counts = False, []
        try:
            await self._load()
            counts = self._crowd.take()
            await self._context.storage.crowds.put(self._context.room, counts)
            stored = True
        except StorageError as error:
            room = self._context.room
            logger.warning("room %s: the people who react are not stored yet: %s", room, error)
        finally:
            self._crowd.settle(stored=stored)

    async def _load(self) -> None:
        """Reads the counts of an earlier process once. Raises StorageError."""
        if self._loaded:
            return
        counts = await self._context.storage.crowds.read(self._context.room, MAX_SECONDS)
        if not self._loaded:
            self._loaded = True
            self._crowd.restore(counts)


def first_second(record: RoomRecord, live_at: float) -> int:
    """Returns the first second of a live, in media time. `live_at`: when the room went live, Unix
    seconds.
    """
    return max(0, int(live_at - record.created_at))


def first_counted(first: int, end: int) -> int:
    """Returns the first second whose reactions count. `first`: the first second of the live. `end`:
    the second after the newest second.
    """
    return max(first - EARLY, end - MAX_SECONDS, 0)


def described(moment: Highlight, first: int) -> BestMoment:
    """Returns the description of a moment. `first`: the first second of the live."""
    at = max(0, moment.peak // SECOND - first)
    return BestMoment(at, moment.peak, moment.start, moment.end, moment.people)
