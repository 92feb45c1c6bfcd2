"""The feed."""

from contextlib import AsyncExitStack

from server.composition.discovery import Discovery
from server.feed.feed import Feed
from server.feed.shared_activity import SharedActivity
from server.rooms.registry import Rooms
from server.storage.feed import FeedStore
from server.storage.live_activity import LiveActivityStore
from server.storage.storage import Storage


def open_feed(rooms: Rooms, storage: Storage, discovery: Discovery, stack: AsyncExitStack) -> Feed:
    """Creates the feed. `stack` stores what waits, and ends its tasks."""
    store = FeedStore(storage.database, storage.rooms.server)
    feed = Feed(store, storage.feed_items, storage.feed_viewers, discovery.items, rooms.in_memory)
    stack.push_async_callback(feed.close)
    if store.shared:
        activity = SharedActivity(LiveActivityStore(storage.database), rooms.in_memory)
        activity.start()
        stack.push_async_callback(activity.close)
    return feed
