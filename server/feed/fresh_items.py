"""Keeps the items of the feed in memory while many requests come: reading all items in turn costs
less than reading the items of each request.
"""

import asyncio
import logging
from collections.abc import Sequence

from server.discovery.item import ItemId
from server.discovery.items import KEPT, FeedItems
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

ROUND = KEPT / 2
"""Seconds in which all items are read once. A busy server may take twice as long, before requests
read items themselves and make it busier.
"""
MANY = 60
"""Number of requests in a round from which the items are read in turn."""
STEP = 150
"""Number of items that are read at once. Other tasks run in between. Each read waits several times
for a thread, which on a busy server takes longer than the items.
"""


class FreshItems:
    """Reads the items of the feed in turn. Call `close()` at the end."""

    def __init__(self, items: FeedItems) -> None:
        self._items = items
        self._asked = 0
        self._round_began = float("-inf")
        self._ids: Sequence[ItemId] = ()
        self._task: asyncio.Task[None] | None = None

    def ask(self, ids: Sequence[ItemId]) -> None:
        """Counts a request for items among `ids`."""
        now = asyncio.get_running_loop().time()
        if self._task is None and now - self._round_began >= ROUND:
            self._round_began, self._asked = now, 0
        self._ids = ids
        self._asked += 1
        if self._task is None and self._asked >= MANY:
            self._task = asyncio.get_running_loop().create_task(self._read_in_turn())

    async def close(self) -> None:
        if self._task:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.wait([task])

    async def _read_in_turn(self) -> None:
        """Reads all items again and again, until few requests come."""
        try:
            within = 0.0  # requests wait for the first round
            while self._asked >= MANY:
                self._asked = 0
                await self._read_all(self._ids, within)
                within = ROUND
        except StorageError as error:
            logger.warning("the items of the feed are not renewed: %s", error)
        finally:
            self._task = None

    async def _read_all(self, ids: Sequence[ItemId], within: float) -> None:
        """Reads all items once, evenly within so many seconds. Takes ROUND seconds."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for first in range(0, len(ids), STEP):
            await self._items.renew(ids[first : first + STEP])
            await asyncio.sleep(max(0.0, began + within * (first + STEP) / len(ids) - loop.time()))
        await asyncio.sleep(max(0.0, began + ROUND - loop.time()))
