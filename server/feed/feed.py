"""The feed: the next items for one viewer, and what the viewer did with them."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from server.discovery.item import FeedItem, ItemId, Kind
from server.discovery.items import FeedItems
from server.feed.candidates import Candidates, Snapshot, candidate_of, mark
from server.feed.cursor import APART, Position
from server.feed.features import Candidate, Shown, Viewer
from server.feed.fresh_items import FreshItems
from server.feed.item_sums import STAY, ItemSums, View
from server.feed.modes import by_follows, by_time, by_viewers
from server.feed.reasons import Ranked
from server.feed.recent_views import RecentViews
from server.feed.taste import Taste
from server.feed.tastes import Lesson, Tastes, plausible
from server.feed.turns import Turns
from server.feed.witnesses import Audience
from server.recent import Recent
from server.recent_bytes import RecentBytes
from server.rooms.in_memory import RoomsInMemory
from server.storage.errors import StorageError
from server.storage.feed import FeedStore
from server.storage.feed_items import FeedItemStore, FeedSums
from server.storage.feed_viewers import FeedViewerStore, ViewerRecord

SPARE = 5
"""Number of items that are ranked in addition, because some may not be public any more."""
MAX_FOLLOWED = 60
"""Maximum number of the clips, and of the replays, of followed creators."""
MAX_RECORDS = 16 << 20
"""Maximum memory of what the server remembers about viewers, bytes: of about 3,000
viewers, if each follows 20 people.
"""
MAX_SHOWN = 20_000
"""Number of items, of those that were shown last, of which views are counted."""


class Mode(StrEnum):
    """The order of the feed."""

    FOR_YOU = "for_you"
    CHRONOLOGICAL = "chronological"
    MOST_WATCHED = "most_watched"
    FOLLOWS = "follows"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for the feed. Programs and browsers without a cookie have an empty id."""

    id: str = ""
    stored: bool = False
    """Whether storage knows the person."""
    handle: bool = False
    """Whether the person has a handle. The server keeps the taste of such a person only."""
    network: str = ""
    """The network of the address."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a viewer asks for."""

    mode: Mode = Mode.FOR_YOU
    mood: str = ""
    """The mood that the viewer chose, or empty."""
    hour: int | None = None
    """Hour of the day in the viewer's time zone."""
    taste: Taste = field(default_factory=Taste)
    """The taste that the browser of a guest keeps."""
    limit: int = 10
    at: ItemId | None = None
    """The item that comes first, if the viewer may see it: the item of a link to the feed."""


@dataclass(frozen=True, slots=True)
class Page:
    """The next items."""

    items: list[FeedItem]
    position: Position | None
    """The position after these items; None if there are no more items."""


class Feed:
    """The feed of all viewers. Call `close()` at the end."""

    def __init__(
        self,
        store: FeedStore,
        feed_items: FeedItemStore,
        viewers: FeedViewerStore,
        items: FeedItems,
        rooms: RoomsInMemory,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.tastes = Tastes(viewers, now)
        self.sums = ItemSums(feed_items, store, now)
        self.candidates = Candidates(store, rooms, self.sums, now)
        self._store = store
        self._viewers = viewers
        self._items = items
        self._fresh = FreshItems(items)
        self._now = now
        self._views = RecentViews()
        self._audience = Audience()
        self._turns = Turns()
        self._shown: Recent[tuple[str, str], Candidate] = Recent(MAX_SHOWN)
        self._records: RecentBytes[str, ViewerRecord] = RecentBytes(MAX_RECORDS)
        """What storage knew about the latest viewers, for the time in which the database fails."""

    async def close(self) -> None:
        """Stores what waits to be stored."""
        await self.candidates.close()
        await self._fresh.close()
        await asyncio.gather(self.sums.close(), self.tastes.close())

    # The next items

    async def next(self, visitor: Visitor, wish: Wish, position: Position | None) -> Page:
        """Returns the next items for a viewer. `position`: what the viewer has seen; None at the
        first request. Raises StorageError.
        """
        snapshot = await self.candidates.latest()
        self._fresh.ask(snapshot.ids)
        record = await self._record(visitor)
        place = position or Position(secrets.randbits(32))
        candidates: Sequence[Candidate] = snapshot.candidates
        if wish.mode is Mode.FOLLOWS:
            candidates = await self._followed(snapshot, record.follows)
        # Frames come first: several requests at once would together keep them waiting.
        await self._turns.take()
        viewer = self._viewer(visitor, wish, record, place, snapshot)
        ranked = _ranked(snapshot, candidates, viewer, wish, place)
        page = await self._page(ranked, wish, place)
        if position is None and wish.at is not None:
            return replace(page, items=await self._led_by(wish.at, page.items, record.hidden))
        return page

    async def _record(self, visitor: Visitor) -> ViewerRecord:
        """Returns what storage knows about a viewer; what it knew, if the database fails. Raises
        StorageError if that is unknown too: the viewer may have hidden creators.
        """
        if not visitor.stored:
            return ViewerRecord()
        known = self._records.get(visitor.id)
        if known is not None and not self._viewers.answers:
            return known
        try:
            record = await self._viewers.find(visitor.id, self._now())
        except StorageError:
            if known is None:
                raise
            return known
        self._records.keep(visitor.id, record)
        return record

    async def _led_by(
        self, at: ItemId, items: list[FeedItem], hidden: frozenset[str]
    ) -> list[FeedItem]:
        """Returns the item `at`, if it is public and not of one of the creators `hidden`, and then
        the others.
        """
        for found in await self._items.find([at]):
            if found.creator.id not in hidden:
                first = next((item for item in items if item.key == found.key), found)
                return [first, *(item for item in items if item.key != found.key)]
        return items

    def _viewer(
        self,
        visitor: Visitor,
        wish: Wish,
        record: ViewerRecord,
        place: Position,
        snapshot: Snapshot,
    ) -> Viewer:
        taste = self.tastes.of(visitor.id, record.taste) if visitor.handle else wish.taste
        seen = (snapshot.by_mark.get(seen) for seen in place.seen)
        now = self._now()
        just_shown = Shown(now)
        shown = {one.item: just_shown for one in seen if one is not None}
        watched = self._views.of(visitor.id, plausible(record.taste.forgotten_at, now))
        return Viewer(
            taste,
            record.follows,
            wish.mood,
            wish.hour,
            {**shown, **watched},
            record.hidden,
        )

    async def _followed(self, snapshot: Snapshot, follows: frozenset[str]) -> list[Candidate]:
        """Returns the candidates, and the clips and replays of followed creators, except while the
        database fails.
        """
        if not follows:
            return []
        try:
            recorded = await self._store.of_creators(follows, self._now(), MAX_FOLLOWED)
        except StorageError:
            return list(snapshot.candidates)
        found = {
            (item.kind, item.id): candidate_of(item, FeedSums(item.kind, item.id))
            for item in recorded
        }
        return list((found | dict(snapshot.by_key)).values())

    async def _page(self, ranked: Sequence[Ranked], wish: Wish, place: Position) -> Page:
        """Returns the first items that are still public."""
        limit = wish.limit
        items: list[FeedItem] = []
        used = 0
        while len(items) < limit and used < len(ranked):
            step = ranked[used : used + limit - len(items)]
            used += len(step)
            items += await self._built(step)
        after = place.after(
            [mark(one.item.kind, one.item.item) for one in ranked[:used]],
            [mark("creator", one.item.creator) for one in ranked[:used]],
        )
        # `for_you` ranks only the next items.
        further = wish.mode is Mode.FOR_YOU and len(ranked) >= limit + SPARE
        return Page(items, after if used < len(ranked) or further else None)

    async def _built(self, ranked: Sequence[Ranked]) -> list[FeedItem]:
        ids = {ItemId(Kind(one.item.kind), one.item.item): one for one in ranked}
        built = []
        for item in await self._items.find(list(ids)):
            one = ids.get(item.key)
            if one is None:  # the live has ended since, and has become its replay
                one = ids[ItemId(Kind.LIVE, item.id)]
            self._shown.keep((item.kind.value, item.id), one.item)
            built.append(replace(item, reasons=one.reasons, score=one.score))
        return built

    # What viewers did

    def watched(self, visitor: Visitor, view: View, hour: int | None = None) -> None:
        """Counts a view of an item that the feed has shown lately, or that another server may have
        shown. Ignores other items, and views of people who have not stayed with several creators.
        """
        key = view.kind, view.id
        item = self._shown.get(key) or self.candidates.find(*key)
        if item is None:
            return
        now = self._now()
        self._views.note(visitor.id, view.id, now, skipped=view.skipped)
        if self._audience.counts(visitor.id):
            self.sums.count(view)
        if visitor.id and view.seconds >= STAY:
            self._audience.stayed(visitor.id, item.creator)
        if visitor.handle:
            tags = self.candidates.kin.expand(item.tags)
            self.tastes.learn(visitor.id, Lesson(item, tags, view.seconds, now, hour))

    # The taste

    async def taste_of(self, visitor: Visitor) -> tuple[bool, Taste]:
        """Returns whether the feed may use the taste of a person, and the taste. Raises
        StorageError.
        """
        if not visitor.handle:
            return True, Taste()
        record = await self._viewers.find(visitor.id, self._now())
        return record.taste.personal, self.tastes.of(visitor.id, record.taste)

    async def forget(self, visitor: Visitor) -> None:
        """Forgets what is known of the taste of a person, at all servers. Raises StorageError."""
        self._views.forget(visitor.id)
        if visitor.stored:
            await self.tastes.forget(visitor.id)
            self._records.forget(visitor.id)

    async def set_personal(self, visitor: Visitor, personal: bool) -> None:
        """Chooses whether the feed may learn and use the taste of a person with a handle. Raises
        StorageError.
        """
        await self.tastes.set_personal(visitor.id, personal)
        self._records.forget(visitor.id)


def _ranked(
    snapshot: Snapshot,
    candidates: Sequence[Candidate],
    viewer: Viewer,
    wish: Wish,
    place: Position,
) -> list[Ranked]:
    """Returns the items that the viewer has not seen, in their order."""
    match wish.mode:
        case Mode.FOR_YOU:
            return _for_you(snapshot, viewer, wish.limit, place)
        case Mode.CHRONOLOGICAL:
            ranked = by_time(candidates, viewer)
        case Mode.MOST_WATCHED:
            ranked = by_viewers(candidates, viewer)
        case Mode.FOLLOWS:
            ranked = by_follows(candidates, viewer)
    return _unseen(ranked, place)


def _for_you(snapshot: Snapshot, viewer: Viewer, limit: int, place: Position) -> list[Ranked]:
    """Returns limit + SPARE items that the viewer has not seen, or all of them."""
    known = (snapshot.by_mark.get(seen) for seen in place.seen)
    seen = [one.item for one in known if one is not None]
    return apart(snapshot.pool.rank(viewer, place.seed, limit + SPARE, seen), place.creators)


def _unseen(ranked: Sequence[Ranked], place: Position) -> list[Ranked]:
    seen = set(place.seen)
    return [one for one in ranked if mark(one.item.kind, one.item.item) not in seen]


def apart(ranked: Sequence[Ranked], before: Sequence[bytes]) -> list[Ranked]:
    """Returns the items in an order in which no creator comes twice among APART + 1 items, as far
    as there are enough creators. `before`: the marks of the creators of the items before.
    """
    waiting = [(one, mark("creator", one.item.creator)) for one in ranked]
    last = list(before)
    ordered = []
    while waiting:
        near = set(last[-APART:])
        index = next((at for at, (_, who) in enumerate(waiting) if who not in near), 0)
        one, who = waiting.pop(index)
        ordered.append(one)
        last.append(who)
    return ordered
