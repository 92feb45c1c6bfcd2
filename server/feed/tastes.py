"""The tastes of people with a handle: learnt from what they watch, stored at most once a minute.

Several servers may learn from one person at the same time. A server therefore keeps the views that
are not stored yet, and applies them to the stored taste in one transaction. The taste of a guest is
in the browser instead.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from server.feed.features import Candidate
from server.feed.taste import MAX_BYTES, Taste
from server.storage.errors import StorageError
from server.storage.feed_viewers import FeedViewerStore, StoredTaste

logger = logging.getLogger(__name__)

STORE_EVERY = 60.0
"""Minimum seconds between two writes about one person."""
LOOK_EVERY = 5.0
"""Interval at which the server looks for tastes that are due, seconds."""
MAX_PEOPLE = 10_000
"""Maximum number of people whose views wait. Views of further people are not learnt."""
MAX_VIEWS = 100
"""Maximum number of views of one person that wait. The oldest views are dropped."""
TOGETHER = 100
"""Number of people whose tastes are stored at the same time. They share transactions."""
MAX_SKEW = 60.0
"""Maximum seconds by which the clock of another server may be ahead."""


Tags = tuple[tuple[str, float], ...]
"""Tags, and how much each counts."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One view, with what the taste learns from it."""

    item: Candidate
    tags: Tags
    """The tags of the item, and tags that go with them (server/feed/kin.py)."""
    seconds: float
    at: float
    """Unix seconds."""
    hour: int | None = None
    """Hour of the day in the viewer's time zone."""

    def teach(self, taste: Taste) -> None:
        item = self.item
        taste.watched(item.creator, self.tags, item.mood, self.seconds, self.at, self.hour)


@dataclass(slots=True)
class _Waiting:
    since: float
    lessons: list[Lesson] = field(default_factory=list)


class Tastes:
    """The tastes of people. Call `close()` at the end."""

    def __init__(
        self,
        store: FeedViewerStore,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._now = now
        self._monotonic = monotonic
        self._waiting: dict[str, _Waiting] = {}
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def learn(self, person: str, lesson: Lesson) -> None:
        """Learns from a view of a person with a handle."""
        waiting = self._waiting.get(person)
        if waiting is None:
            if len(self._waiting) >= MAX_PEOPLE:
                return
            waiting = self._waiting[person] = _Waiting(self._monotonic())
        waiting.lessons.append(lesson)
        del waiting.lessons[:-MAX_VIEWS]
        if self._task is None and not self._closing.is_set():
            self._task = asyncio.get_running_loop().create_task(self._store_until_closed())

    def of(self, person: str, stored: StoredTaste) -> Taste:
        """Returns the taste of a person: what is stored, and what waits to be stored. The taste is
        empty if the feed may not use it.
        """
        if not stored.personal:
            return Taste()
        waiting = self._waiting.get(person)
        return self._learnt(stored, waiting.lessons if waiting else [])

    async def forget(self, person: str) -> None:
        """Forgets the taste of a person at once. Raises StorageError."""
        self._waiting.pop(person, None)
        await self._store.forget_taste(person, self._now())
        self._waiting.pop(person, None)

    async def set_personal(self, person: str, personal: bool) -> None:
        """Chooses whether the feed may use and keep the taste. Raises StorageError."""
        # Views that wait may be of a time in which the feed may not learn.
        self._waiting.pop(person, None)
        await self._store.set_personal(person, personal, self._now())
        self._waiting.pop(person, None)

    async def close(self) -> None:
        """Stores what waits."""
        self._closing.set()
        if self._task:
            await self._task

    def _learnt(self, stored: StoredTaste, lessons: list[Lesson]) -> Taste:
        now = self._now()
        taste = read_taste(stored.value, now)
        changed_at = stored.forgotten_at if stored.value else stored.at
        forgotten_at = plausible(changed_at, now)
        for lesson in lessons:
            # Another server may have forgotten the taste after this view.
            if lesson.at > forgotten_at:
                lesson.teach(taste)
        return taste

    async def _store_until_closed(self) -> None:
        closing = False
        while not closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), LOOK_EVERY)
            closing = self._closing.is_set()
            await self._store_due()

    async def _store_due(self) -> None:
        end = float("inf") if self._closing.is_set() else self._monotonic() - STORE_EVERY
        # All servers lock the rows in the same order.
        due = sorted(person for person, waiting in self._waiting.items() if waiting.since <= end)
        for first in range(0, len(due), TOGETHER):
            stored = map(self._store_one, due[first : first + TOGETHER])
            try:
                for error in await asyncio.gather(*stored, return_exceptions=True):
                    if error is not None:
                        raise error
            except StorageError as error:
                logger.warning("tastes are not stored yet: %s", error)
                return

    async def _store_one(self, person: str) -> None:
        waiting = self._waiting.get(person)
        if waiting is None:  # forgotten meanwhile
            return
        lessons = list(waiting.lessons)

        def change(stored: StoredTaste) -> str | None:
            if not stored.personal or self._waiting.get(person) is not waiting:
                return None
            taste = self._learnt(stored, lessons)
            return taste.to_json(MAX_BYTES) if taste else None

        await self._store.change_taste(person, change, self._now())
        stored = set(map(id, lessons))
        waiting.lessons = [one for one in waiting.lessons if id(one) not in stored]
        waiting.since = self._monotonic()
        if not waiting.lessons and self._waiting.get(person) is waiting:
            del self._waiting[person]


def plausible(at: float, now: float) -> float:
    """Returns a time that a server has stored; 0 if the clock of that server was wrong, because the
    time is far in the future. Unix seconds.
    """
    return at if at <= now + MAX_SKEW else 0.0


def read_taste(value: str, now: float) -> Taste:
    """Returns a stored taste; an empty taste if nothing is stored, or it cannot be read."""
    if not value:
        return Taste()
    try:
        return Taste.from_json(value, now)
    except ValueError as error:
        logger.warning("a stored taste cannot be read: %s", error)
        return Taste()
