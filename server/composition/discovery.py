"""The parts by which people find lives, clips and each other."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from server.discovery.announced import AnnouncedLives
from server.discovery.challenges import Challenges
from server.discovery.indexing import Indexing
from server.discovery.items import FeedItems
from server.discovery.search import Search
from server.discovery.trends import Trends
from server.posters.posters import Posters
from server.rooms.registry import Rooms
from server.storage.storage import Storage


@dataclass(frozen=True, slots=True)
class Discovery:
    """The parts by which people find lives, clips and each other."""

    items: FeedItems
    trends: Trends
    challenges: Challenges
    search: Search
    announced: AnnouncedLives


def open_discovery(
    rooms: Rooms, storage: Storage, posters: Posters, stack: AsyncExitStack
) -> Discovery:
    """Creates the parts, and starts their tasks."""
    items = FeedItems(storage.public_items, rooms.in_memory, posters, storage.rooms.server)
    stack.push_async_callback(items.close)
    trends = Trends(storage.tags)
    trends.start()
    stack.push_async_callback(trends.close)
    indexing = Indexing(storage.words_of_items)
    indexing.start()
    stack.push_async_callback(indexing.close)
    announced = AnnouncedLives(storage.announcements, storage.bans)
    rooms.observe(announced)
    stack.push_async_callback(announced.close)
    return Discovery(
        items,
        trends,
        Challenges(storage.tags, storage.clips, storage.bans),
        Search(storage.search, storage.tags, storage.public_items, items),
        announced,
    )
