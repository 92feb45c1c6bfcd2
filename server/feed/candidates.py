"""The items that the feed may show, with their features at present. One task renews them about once
a second while requests come; all requests read the same snapshot.

Work on many items is done in short steps, so that no frame waits for it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

from server.discovery.item import ItemId, Kind
from server.discovery.tags import tags_of
from server.feed.common import Common
from server.feed.cursor import mark_of
from server.feed.features import Candidate
from server.feed.item_sums import ItemSums, Key
from server.feed.kin import Kin
from server.feed.moods import mood_of
from server.feed.places import Places
from server.feed.ranking import Pool
from server.feed.report_weights import WITHIN, report_weights, skips_for
from server.recent import Recent
from server.rooms.in_memory import RoomsInMemory
from server.rooms.life import State
from server.rooms.room import Room
from server.storage.errors import StorageError
from server.storage.feed import FeedStore, StoredItem
from server.storage.feed_items import FeedSums

logger = logging.getLogger(__name__)

T = TypeVar("T")

FRESH = 1.0
"""Minimum age at which a request makes the snapshot be renewed, seconds."""
SHARE = 1 / 200
"""Maximum share of the time in which the making of pools may hold up other tasks. Many candidates
are therefore renewed less often.
"""
STALE = 5.0
"""Age from which a request waits for the new snapshot, seconds."""
KIN_EVERY = 600.0
"""Interval at which the feed looks again which tags go together, seconds."""
MAX_KNOWN = 10_000
"""Number of creators whose latest tags say which tags go together."""
MAX_LIVES = 2_500
"""Maximum number of lives in a snapshot. The latest lives come first."""
MAX_CLIPS = 300
"""Maximum number of the latest clips, and of the clips that viewers like best."""
MAX_REPLAYS = 150
LIVES_EVERY = 3.0
"""Interval at which the lives of other servers are read, seconds."""
RECORDED_EVERY = 10.0
"""Interval at which clips, replays and reports are read, seconds."""
BEST_EVERY = 60.0
"""Interval at which the clips are read that viewers like best, seconds."""
MAX_REPORTS = 5_000
"""Maximum number of the latest reports, and of the latest hides, that count."""
AWAY = 10.0
"""Seconds for which the feed still shows a live whose creator has lost the connection."""
STEP = 50
"""Number of items between which other tasks run."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The candidates of one moment."""

    pool: Pool
    candidates: tuple[Candidate, ...] = ()
    ids: tuple[ItemId, ...] = ()
    by_key: Mapping[Key, Candidate] = field(default_factory=dict)
    by_mark: Mapping[bytes, Candidate] = field(default_factory=dict)
    """The candidates by the marks that cursors name (server/feed/cursor.py)."""
    made_at: float = float("-inf")
    """Seconds of the clock that never goes back."""


class Candidates:
    """Owns the snapshot. Call `close()` at the end."""

    def __init__(
        self,
        store: FeedStore,
        rooms: RoomsInMemory,
        sums: ItemSums,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._sums = sums
        self._now = now
        self._monotonic = monotonic
        self._snapshot: Snapshot | None = None
        self._renewing: asyncio.Task[Snapshot] | None = None
        self._lives_elsewhere: list[StoredItem] = []
        self._recorded: list[StoredItem] = []
        self._reports: dict[str, float] = {}
        self._best_clips: list[StoredItem] = []
        self._lives_read_at = self._recorded_read_at = self._best_read_at = float("-inf")
        self._away_since: dict[str, float] = {}
        self._tags_known: Recent[str, tuple[str, ...]] = Recent(MAX_KNOWN)
        self._kin_at = float("-inf")
        self._pause = FRESH
        self.kin = Kin()
        """Which tags go together."""

    async def latest(self) -> Snapshot:
        """Returns the present snapshot. Raises StorageError if there is no snapshot yet and the
        database fails.
        """
        snapshot = self._snapshot
        age = float("inf") if snapshot is None else self._monotonic() - snapshot.made_at
        if age >= self._pause and self._renewing is None:
            self._renewing = asyncio.get_running_loop().create_task(self._renew())
            self._renewing.add_done_callback(self._renewed)
        fresh = age < STALE or self._renewing is None or not self._store.answers
        if snapshot is not None and fresh:
            return snapshot
        assert self._renewing is not None
        return await asyncio.shield(self._renewing)

    def find(self, kind: str, id: str) -> Candidate | None:
        """Returns an item of the present snapshot."""
        return None if self._snapshot is None else self._snapshot.by_key.get((kind, id))

    async def close(self) -> None:
        if self._renewing:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])

    def _renewed(self, task: asyncio.Task[Snapshot]) -> None:
        self._renewing = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("the feed cannot be renewed", exc_info=error)

    async def _renew(self) -> Snapshot:
        try:
            await self._read()
        except StorageError as error:
            # Lives of this server need no database.
            logger.warning("the feed shows what it knew: %s", error)
        sources = self._sources()
        try:
            await self._sums.refresh(list(sources))
        except StorageError as error:
            logger.warning("the feed shows the sums that it knew: %s", error)
        candidates = []
        for number, (key, source) in enumerate(sources.items()):
            candidates.append(self._candidate(key, source))
            if number % STEP == STEP - 1:
                await asyncio.sleep(0)
        self._renew_kin(candidates)
        ids, by_mark = [], {}
        for number, one in enumerate(candidates):
            if number % STEP == 0:
                await asyncio.sleep(0)
            ids.append(ItemId(Kind(one.kind), one.item))
            by_mark[mark(one.kind, one.item)] = one
        self._snapshot = snapshot = Snapshot(
            await self._pool(candidates),
            tuple(candidates),
            tuple(ids),
            {(one.kind, one.item): one for one in candidates},
            by_mark,
            self._monotonic(),
        )
        return snapshot

    async def _pool(self, candidates: list[Candidate]) -> Pool:
        """Makes the pool. Other tasks run between its parts."""
        now, took = self._now(), 0.0

        async def timed(make: Callable[[], T]) -> T:
            nonlocal took
            await asyncio.sleep(0)
            began = time.perf_counter()
            made = make()
            took += time.perf_counter() - began
            return made

        places = await timed(lambda: Places(candidates, self.kin))
        common = await timed(lambda: Common(candidates, now))
        swipes = self._sums.swipes_per_minute
        pool = await timed(lambda: Pool(candidates, now, swipes, places=places, common=common))
        self._pause = max(FRESH, took / SHARE)
        await asyncio.sleep(0)
        return pool

    def _renew_kin(self, candidates: list[Candidate]) -> None:
        now = self._monotonic()
        if now - self._kin_at >= KIN_EVERY:
            self._kin_at = now
            for one in candidates:
                self._tags_known.keep(one.creator, one.tags)
            self.kin = Kin(self._tags_known.items())

    # From the database

    async def _read(self) -> None:
        now = self._monotonic()
        if self._store.shared and now - self._lives_read_at >= LIVES_EVERY:
            self._lives_read_at = now
            self._lives_elsewhere = await self._store.other_lives(self._now(), MAX_LIVES)
        if now - self._recorded_read_at >= RECORDED_EVERY:
            self._recorded_read_at = now
            await self._read_recorded()

    async def _read_recorded(self) -> None:
        now = self._now()
        if self._monotonic() - self._best_read_at >= BEST_EVERY:
            self._best_read_at = self._monotonic()
            self._best_clips = await self._store.best_clips(MAX_CLIPS)
        self._recorded = [
            *self._best_clips,
            *await self._store.latest_clips(MAX_CLIPS),
            *await self._store.latest_replays(now, MAX_REPLAYS),
        ]
        reports = await self._store.reports_since(now - WITHIN, MAX_REPORTS)
        hides = await self._store.hides_since(now - WITHIN, MAX_REPORTS)
        self._reports = report_weights(((one.target, one.reporter) for one in reports), hides)

    # Features

    def _sources(self) -> dict[Key, Room | StoredItem]:
        """Returns the items that may be shown. What this server runs replaces what is stored."""
        stored = {(item.kind, item.id): item for item in (*self._lives_elsewhere, *self._recorded)}
        return stored | {("live", room.name): room for room in self._on_air()}

    def _candidate(self, key: Key, source: Room | StoredItem) -> Candidate:
        creator = creator_of(source) if isinstance(source, Room) else source.creator
        sums = self._sums.of(*key)
        if reported := skips_for(self._reports, creator, f"room:{key[1]}"):
            impressions, skips = sums.impressions + reported, sums.skips + reported
            sums = replace(sums, impressions=impressions, skips=skips)
        if isinstance(source, Room):
            return candidate_of_room(source, creator, sums)
        return candidate_of(source, sums)

    def _on_air(self) -> list[Room]:
        """Returns the public lives of this server, the latest first."""
        now = self._monotonic()
        away: dict[str, float] = {}
        found = []
        for room in self._rooms:
            if room.record.visibility != "public" or not room.on_air:
                continue
            if room.state is State.AWAY:
                away[room.name] = self._away_since.get(room.name, now)
                if now - away[room.name] >= AWAY:
                    continue
            found.append(room)
        self._away_since = away
        found.sort(key=lambda room: -(room.live_since or 0.0))
        return found[:MAX_LIVES]


def candidate_of_room(room: Room, creator: str, sums: FeedSums) -> Candidate:
    """Returns a live of this server as a candidate."""
    record, activity = room.record, room.social.activity.measure()
    tags = _keys_of(record.title)
    return Candidate(
        kind="live",
        item=record.room,
        creator=creator,
        tags=tags,
        mood=record.mood or mood_of(tags),
        began=room.live_since or record.created_at,
        viewers=activity.watching,
        arrivals=activity.joined,
        reactors=activity.reacting,
        usual_reactors=activity.usual,
        answers=activity.replied,
        impressions=sums.impressions,
        stays=sums.stays,
        skips=sums.skips,
        seconds=sums.seconds,
    )


def candidate_of(item: StoredItem, sums: FeedSums) -> Candidate:
    """Returns a stored item as a candidate."""
    tags = _keys_of(item.text)
    return Candidate(
        kind=item.kind,
        item=item.id,
        creator=item.creator,
        tags=tags,
        mood=item.mood or mood_of(tags),
        began=item.began,
        viewers=item.viewers,
        arrivals=item.arrivals,
        reactors=item.reactors,
        usual_reactors=item.usual_reactors,
        answers=item.answers,
        impressions=sums.impressions,
        stays=sums.stays,
        skips=sums.skips,
        seconds=sums.seconds,
    )


def creator_of(room: Room) -> str:
    return room.record.owner or f"room:{room.name}"


mark = lru_cache(20_000)(mark_of)
"""`mark_of`, with the results that were used last."""


@lru_cache(10_000)
def _keys_of(text: str) -> tuple[str, ...]:
    """Returns the keys of the tags in a text."""
    return tuple(tag.tag for tag in tags_of(text))
