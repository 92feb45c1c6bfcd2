"""The parts that send pushes."""

import time
from contextlib import AsyncExitStack

from server.push.pushes import Pushes, PushNetwork
from server.push.vapid import Vapid, bytes_of, key_from, new_key
from server.rooms.registry import Rooms
from server.settings import Settings
from server.storage.storage import Storage


async def open_pushes(
    rooms: Rooms, storage: Storage, settings: Settings, network: PushNetwork, stack: AsyncExitStack
) -> Pushes | None:
    """Starts to send pushes. Returns None if the settings forbid pushes. Raises StorageError."""
    if not settings.push:
        return None
    key = await storage.vapid_keys.provide(bytes_of(new_key()), time.time())
    pushes = Pushes(storage, Vapid(key_from(key), settings.contact), network)
    stack.push_async_callback(pushes.close)
    rooms.observe(pushes.start().lives)
    return pushes
