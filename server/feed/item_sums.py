"""The sums of what viewers did with the items of the feed: counted here, stored every few seconds,
and read again, because other servers add to the same sums.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace

from server.feed.witnesses import Witnesses
from server.storage.errors import StorageError
from server.storage.feed import FeedStore
from server.storage.feed_items import FeedItemStore, FeedSums

logger = logging.getLogger(__name__)

STAY = 8.0
"""Seconds from which a view counts as a stay."""
SKIP = 3.0
"""Seconds below which a view counts as a skip, if the viewer went on."""
MAX_SECONDS = 3_600.0
"""Maximum seconds that one view adds to the sums."""
STORE_EVERY = 3.0
"""Seconds after which new sums are stored."""
MAX_WAITING = 10_000
"""Maximum number of items whose sums wait to be stored. Views of further items do not count."""
READ_EVERY = 5.0
"""Seconds after which the sums are read again."""
MAX_READ = 2_000
"""Maximum number of sums that one read returns."""
OVERLAP = 15.0
"""Overlap between the periods of two consecutive reads, seconds: a row becomes visible after its
time, and the clocks of servers differ.
"""
MINUTE = 60.0

Key = tuple[str, str]
"""Kind and id of an item."""


@dataclass(frozen=True, slots=True)
class View:
    """One view of one item by one person."""

    kind: str
    id: str
    person: str
    network: str
    """The network of the person's address."""
    seconds: float
    went_on: bool
    """Whether the viewer went on to the next item."""

    @property
    def skipped(self) -> bool:
        return self.went_on and self.seconds < SKIP


class ItemSums:
    """The sums of all items that may be shown. Call `close()` at the end."""

    def __init__(
        self,
        items: FeedItemStore,
        feed: FeedStore,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._items = items
        self._feed = feed
        self._now = now
        self._monotonic = monotonic
        self._witnesses = Witnesses()
        self._stored: dict[Key, FeedSums] = {}
        self._waiting: dict[Key, FeedSums] = {}
        self._being_stored: dict[Key, FeedSums] = {}
        self._storing: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._read_at = float("-inf")
        self._read_until = 0.0
        self._impressions: dict[Key, int] = {}
        """The impressions of each item at all servers, this one included, at the last read."""
        self._swipes: deque[tuple[float, int]] = deque()
        self._began: float | None = None

    def count(self, view: View) -> bool:
        """Adds a view. Returns whether the view counts: a person, and the people of one network,
        count only a few times for one item.
        """
        key = view.kind, view.id
        if key not in self._waiting and len(self._waiting) >= MAX_WAITING:
            return False
        now = self._monotonic()
        if not self._witnesses.admit(f"{view.kind}:{view.id}", view.network, view.person, now):
            return False
        seconds = min(view.seconds, MAX_SECONDS)
        view_sums = FeedSums(
            view.kind, view.id, 1, int(seconds >= STAY), int(view.skipped), seconds, self._now()
        )
        self._waiting[key] = _add(self._waiting.get(key), view_sums)
        if self._storing is None and not self._closing.is_set():
            self._storing = asyncio.get_running_loop().create_task(self._store_until_closed())
        return True

    def of(self, kind: str, id: str) -> FeedSums:
        """Returns the sums of an item, with the views that are not stored yet."""
        key = kind, id
        sums = self._stored.get(key) or FeedSums(kind, id)
        for more in (self._being_stored.get(key), self._waiting.get(key)):
            if more:
                sums = _add(sums, more)
        return sums

    @property
    def swipes_per_minute(self) -> float | None:
        """The number of views per minute at all servers; None in the first minute."""
        now = self._monotonic()
        while self._swipes and self._swipes[0][0] < now - MINUTE:
            self._swipes.popleft()
        if self._began is None or now - self._began < MINUTE:
            return None
        return float(sum(number for _, number in self._swipes))

    async def refresh(self, wanted: Collection[Key]) -> None:
        """Reads the sums that have changed, and the sums of `wanted` items that are not known yet.
        Forgets the other items. Raises StorageError.
        """
        now = self._monotonic()
        if now - self._read_at >= READ_EVERY:
            self._read_at = now
            await self._read_changes(now)
        unknown = [key for key in wanted if key not in self._stored]
        if unknown:
            found = await self._items.find(unknown)
            for key in unknown:
                self._stored[key] = sums = found.get(key) or FeedSums(*key)
                self._impressions[key] = sums.impressions
        if max(len(self._stored), len(self._impressions)) > 2 * len(wanted) + MAX_READ:
            kept = set(wanted)
            self._stored = {key: sums for key, sums in self._stored.items() if key in kept}
            self._impressions = {key: n for key, n in self._impressions.items() if key in kept}

    async def _read_changes(self, now: float) -> None:
        until = self._now()
        since = min(self._read_until, until) - OVERLAP
        if until - self._read_until > MINUTE:
            # The views since then are those of more than a minute.
            self._began = None
            self._swipes.clear()
        changed = await self._feed.sums_since(since, MAX_READ)
        self._read_until = until
        new = 0
        for sums in changed:
            key = sums.kind, sums.item
            before = self._impressions.get(key)
            if before is not None:
                new += max(0, sums.impressions - before)
            elif sums.first_at > since and self._began is not None:
                new += sums.impressions
            self._stored[key] = sums
            self._impressions[key] = sums.impressions
        if self._began is None:
            self._began = now
        else:
            self._swipes.append((now, new))

    # Storage

    async def _store_until_closed(self) -> None:
        closing = False
        while not closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), STORE_EVERY)
            closing = self._closing.is_set()
            await self._store()

    async def _store(self) -> None:
        if not self._waiting:
            return
        taken, self._waiting = self._waiting, {}
        self._being_stored = taken
        stored = False
        try:
            await self._items.add(list(taken.values()), self._now())
            stored = True
        except StorageError as error:
            logger.warning("the sums of the feed are not stored yet: %s", error)
        finally:
            self._being_stored = {}
            into = self._stored if stored else self._waiting
            for key, sums in taken.items():
                into[key] = _add(into.get(key), sums)

    async def close(self) -> None:
        """Stores the last sums."""
        self._closing.set()
        if self._storing:
            await self._storing


def _add(sums: FeedSums | None, more: FeedSums) -> FeedSums:
    if sums is None:
        return more
    return replace(
        sums,
        impressions=sums.impressions + more.impressions,
        stays=sums.stays + more.stays,
        skips=sums.skips + more.skips,
        seconds=sums.seconds + more.seconds,
        first_at=sums.first_at or more.first_at,
    )
