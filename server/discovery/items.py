"""Builds the items that the feed, tag pages, profiles and the search show.

items = await feed_items.find([ItemId(Kind.CLIP, "…"), ItemId(Kind.LIVE, "…")], viewer)
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from server.clips.paths import files_path
from server.discovery.item import FeedItem, ItemCreator, ItemId, ItemTag, Kind, utc
from server.posters.posters import Posters
from server.recent import Recent
from server.rooms.in_memory import RoomsInMemory
from server.storage.errors import StorageError, StorageUnavailable
from server.storage.public_items import PublicClip, PublicItems, PublicItemStore, PublicLive
from server.storage.who import Who

KEPT = 5.0
"""Seconds for which an item is kept in memory. An item that is hidden or deleted may be listed for
this time; what it refers to is refused at once.
"""
KEPT_ALONE = 900.0
"""Seconds for which an item in memory is listed while the database fails."""
MOST_AT_ONCE = 150
"""Number of items from which a read takes no further ones. Frames wait while they are built."""
READS_AT_ONCE = 2
MAX_READS = 10
"""Maximum number of reads that run or wait. The next requests are refused."""
MAX_ITEMS = 10_000
UNSEEN_KEPT = 2.0
"""Seconds for which the creators are kept whose items a viewer does not see."""
MAX_VIEWERS = 10_000


@dataclass(slots=True, eq=False)
class _Batch:
    """Items that one read finds."""

    ids: dict[ItemId, None] = field(default_factory=dict)
    task: asyncio.Task[dict[ItemId, FeedItem | None]] | None = None


class FeedItems:
    """The builder of items of all servers. Call `close()` at the end."""

    def __init__(
        self,
        store: PublicItemStore,
        rooms: RoomsInMemory,
        posters: Posters,
        server: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`server`: id of this server; "" if one process uses SQLite alone."""
        self._store = store
        self._rooms = rooms
        self._posters = posters
        self._server = server
        self._clock = clock
        self._items: Recent[ItemId, tuple[float, FeedItem | None]] = Recent(MAX_ITEMS)
        self._unseen: Recent[str, tuple[float, frozenset[str]]] = Recent(MAX_VIEWERS)
        self._reading = asyncio.Semaphore(READS_AT_ONCE)
        self._waiting: _Batch | None = None
        """The items that the next read finds."""
        self._tasks: set[asyncio.Task[dict[ItemId, FeedItem | None]]] = set()

    async def close(self) -> None:
        """Waits for the reads that have begun."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def find(self, ids: Sequence[ItemId], viewer: str = "") -> list[FeedItem]:
        """Returns the items in the order of their ids. Leaves out what is not public, what does not
        exist, and what `viewer` (id of a person, or empty) does not see. A live that has ended
        becomes its replay, if there is one. While the database fails, returns the items that are in
        memory. Raises StorageError if there are none.
        """
        now = asyncio.get_running_loop().time()
        # Other tasks may replace what is kept at each await.
        known = {id: self._items[id][1] for id in ids if self._is_known(id, now)}
        missing = [id for id in dict.fromkeys(ids) if id not in known]
        if missing:
            known |= await self._build_or_recall(missing, now)
        unseen = await self.unseen_by(viewer) if viewer else frozenset()
        items = (known.get(id) for id in ids)
        return [item for item in items if item and item.creator.id not in unseen]

    async def renew(self, ids: Sequence[ItemId]) -> None:
        """Builds items again, so that `find` reads nothing for them for KEPT seconds. Raises
        StorageError.
        """
        await self._build(ids)

    async def unseen_by(self, viewer: str) -> frozenset[str]:
        """Returns the creators whose items a viewer does not see. Raises StorageError."""
        now = asyncio.get_running_loop().time()
        known = self._unseen.get(viewer)
        if known is not None and 0 <= now - known[0] < UNSEEN_KEPT:
            return known[1]
        unseen = await self._store.unseen_by(viewer, self._clock())
        self._unseen.keep(viewer, (now, unseen))
        return unseen

    async def _build_or_recall(
        self, ids: Sequence[ItemId], now: float
    ) -> dict[ItemId, FeedItem | None]:
        """Builds items; while the database fails, returns those in memory."""
        recalled = {id: self._items[id][1] for id in ids if self._is_known(id, now, KEPT_ALONE)}
        if recalled and not self._store.answers:
            return recalled
        try:
            return await self._build(ids)
        except StorageError:
            if recalled:
                return recalled
            raise

    def _is_known(self, id: ItemId, now: float, within: float = KEPT) -> bool:
        """Whether an item is in memory that was built within so many seconds."""
        known = self._items.get(id)
        if known is None or now - known[0] >= within:
            return False
        if known[1] is None or known[1].kind is not Kind.LIVE:
            return True
        # The end of a live of this server shows at once.
        room = self._rooms.find(id.id)
        return self._server != "" if room is None else room.on_air

    async def _build(self, ids: Sequence[ItemId]) -> dict[ItemId, FeedItem | None]:
        """Builds items. All that wait for the database share one read."""
        batch = self._waiting
        if batch is None or len(batch.ids) >= MOST_AT_ONCE:
            if len(self._tasks) >= MAX_READS:
                raise StorageUnavailable("too many items wait for the database")
            batch = self._waiting = _Batch()
            batch.task = asyncio.get_running_loop().create_task(self._read(batch))
            self._tasks.add(batch.task)
            batch.task.add_done_callback(self._end)
        batch.ids.update(dict.fromkeys(ids))
        assert batch.task is not None
        built = await asyncio.shield(batch.task)
        return {id: built[id] for id in ids}

    def _end(self, task: asyncio.Task[dict[ItemId, FeedItem | None]]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # those who wait get the error; perhaps all have left

    async def _read(self, batch: _Batch) -> dict[ItemId, FeedItem | None]:
        async with self._reading:
            if self._waiting is batch:
                self._waiting = None
            now = asyncio.get_running_loop().time()
            rooms = [id.id for id in batch.ids if id.kind is not Kind.CLIP]
            clips = [id.id for id in batch.ids if id.kind is Kind.CLIP]
            rows = await self._store.find(rooms, clips, self._clock())
        built = {id: self._item(id, rows) for id in batch.ids}
        for id, item in built.items():
            self._items.keep(id, (now, item))
        return built

    def _item(self, id: ItemId, rows: PublicItems) -> FeedItem | None:
        tags = tuple(ItemTag(*each) for each in rows.tags.get(id.id, ()))
        if id.kind is Kind.CLIP:
            clip = rows.clips.get(id.id)
            return None if clip is None else _clip_item(clip, tags)
        live = rows.lives.get(id.id)
        if live is None:
            return None
        if live.ended_at is not None:
            return _replay_item(live, tags) if live.replay else None
        return self._live_item(live, tags) if id.kind is Kind.LIVE else None

    def _live_item(self, live: PublicLive, tags: tuple[ItemTag, ...]) -> FeedItem | None:
        room = self._rooms.find(live.room)
        if live.server == self._server and (room is None or not room.on_air):
            return None
        poster = self._posters.find(live.room)
        version = f"?v={poster.version}" if poster else ""
        elsewhere = live.server != self._server
        return FeedItem(
            Kind.LIVE,
            live.room,
            live.room,
            f"/r/{live.room}",
            live.title,
            tags,
            live.mood,
            _creator(live.creator),
            *_pictures(f"/r/{live.room}", poster is not None or elsewhere, version),
            poster.width if poster else None,
            poster.height if poster else None,
            room.describe().viewers if room else live.viewers,
            utc(live.live_at),
            None,
        )


def _replay_item(live: PublicLive, tags: tuple[ItemTag, ...]) -> FeedItem:
    return FeedItem(
        Kind.REPLAY,
        live.room,
        live.room,
        f"/v/{live.room}",
        live.title,
        tags,
        live.mood,
        _creator(live.creator),
        *_pictures(f"/v/{live.room}"),
        live.width,
        live.height,
        0,
        utc(live.live_at),
        live.duration,
        playlist=f"/replays/{live.room}/index.m3u8",
    )


def _clip_item(clip: PublicClip, tags: tuple[ItemTag, ...]) -> FeedItem:
    folder = files_path(clip.id, clip.revision)
    return FeedItem(
        Kind.CLIP,
        clip.id,
        clip.room,
        f"/c/{clip.id}",
        clip.title,
        tags,
        clip.mood,
        _creator(clip.creator),
        *_pictures(folder, clip.pictures),
        clip.width,
        clip.height,
        0,
        None,
        clip.duration,
        video=f"{folder}/video.mp4",
    )


def _pictures(folder: str, exist: bool = True, version: str = "") -> tuple[str | None, str | None]:
    """Returns the paths of the poster and its preview."""
    if not exist:
        return None, None
    return f"{folder}/poster.jpg{version}", f"{folder}/preview.webp{version}"


def _creator(who: Who | None) -> ItemCreator:
    return ItemCreator() if who is None else ItemCreator(who.id, who.name, who.handle, who.colour)
