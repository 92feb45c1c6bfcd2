"""Finds the tags that trend, and keeps the numbers of uses of each hour."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from server.discovery.trend import RECENT_HOURS, Trend, Use, trending
from server.storage.errors import StorageError
from server.storage.tags import HOUR, KEPT_HOURS, TagRecord, TagStore

logger = logging.getLogger(__name__)

MOST = 20
"""Number of tags that trend."""
KEPT = 10.0
"""Age from which a request makes the tags that trend be read again, seconds."""
STALE = 60.0
"""Age from which a request waits for them, seconds."""
ROLL_UP_EVERY = 600.0
"""Seconds between two sums of the hours that are over."""


@dataclass(frozen=True, slots=True)
class TrendingTag:
    trend: Trend
    record: TagRecord


class Trends:
    """The tags that trend on all servers. Call `start()`, and `close()` at the end."""

    def __init__(self, tags: TagStore, clock: Callable[[], float] = time.time) -> None:
        self._tags = tags
        self._clock = clock
        self._found: list[TrendingTag] = []
        self._found_at = float("-inf")
        self._reading = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        for task in (self._task, self._renewing):
            if task:
                task.cancel()
                await asyncio.wait([task])

    async def find(self) -> list[TrendingTag]:
        """Returns the tags that trend, the first one most. While the database fails, returns those
        of the last time. Raises StorageError if there are none.
        """
        if self._age >= STALE:
            await self._renew()
        elif self._age >= KEPT and (self._renewing is None or self._renewing.done()):
            self._renewing = asyncio.get_running_loop().create_task(self._renew())
        return self._found

    @property
    def _age(self) -> float:
        return asyncio.get_running_loop().time() - self._found_at

    async def _renew(self) -> None:
        async with self._reading:
            if self._age < KEPT:  # renewed by another request
                return
            began = asyncio.get_running_loop().time()
            try:
                self._found = await self._read()
            except StorageError as error:
                if self._found_at == float("-inf"):
                    raise
                logger.warning("the tags that trend are those of the last time: %s", error)
            # Also after an error: the requests that wait must not wait for one try each.
            self._found_at = began

    async def roll_up(self) -> None:
        """Sums the uses of the last hours that are over. Raises StorageError."""
        hour = int(self._clock() // HOUR)
        for past in range(hour - RECENT_HOURS - 1, hour):
            await self._tags.roll_up(past)

    async def _read(self) -> list[TrendingTag]:
        counts = await self._tags.counts(self._clock(), RECENT_HOURS)
        hours = KEPT_HOURS - RECENT_HOURS
        uses = [Use(count.tag, count.recent, count.past, hours) for count in counts]
        trends = trending(uses, MOST)
        records = await self._tags.find([trend.tag for trend in trends])
        return [TrendingTag(trend, records[trend.tag]) for trend in trends if trend.tag in records]

    async def _run(self) -> None:
        while True:
            try:
                await self.roll_up()
            except StorageError as error:
                logger.warning("the uses of tags are not summed yet: %s", error)
            await asyncio.sleep(ROLL_UP_EVERY)
