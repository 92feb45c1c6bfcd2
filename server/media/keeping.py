"""The task that keeps stored media within its bounds of age and size."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from server.media.quota import surplus
from server.media.sweeping import Sweeping
from server.storage.errors import StorageError
from server.storage.kept_media import KeptMediaStore

logger = logging.getLogger(__name__)

INTERVAL = 10.0
"""Seconds between two runs."""


@dataclass(frozen=True, slots=True)
class MediaBounds:
    """What may be kept. The row of a recording has the time of its deletion."""

    bytes: int
    clips: float
    """Seconds for which a clip is kept."""


class Keeping:
    """Deletes what is over the bounds, then the objects of all that was deleted. Call `start()`,
    and `close()` at the end.
    """

    def __init__(
        self,
        kept: KeptMediaStore,
        sweeping: Sweeping,
        bounds: MediaBounds,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kept = kept
        self._sweeping = sweeping
        self._bounds = bounds
        self._clock = clock
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run_for_ever())

    async def close(self) -> None:
        """Ends the task. A run that has begun is completed first."""
        self._closing.set()
        if self._task:
            await self._task

    async def run(self, now: float) -> None:
        """Deletes what is overdue or over the bounds at `now` (Unix seconds). Raises
        StorageError.
        """
        if number := await self._kept.delete_overdue(now, now - self._bounds.clips):
            logger.info("%d recordings and clips were deleted because of their age", number)
        if number := await self._delete_surplus(now):
            logger.info("%d recordings and clips were deleted: over --max-media", number)
        await self._sweeping.run(self._clock())

    async def _delete_surplus(self, now: float) -> int:
        deleted = 0
        while True:
            oldest, total = await self._kept.oldest()
            number = surplus([each.bytes for each in oldest], total, self._bounds.bytes)
            if not number:
                return deleted
            await self._kept.delete(oldest[:number], now)
            deleted += number

    async def _run_for_ever(self) -> None:
        while not self._closing.is_set():
            try:
                await self.run(time.time())
            except StorageError as error:
                logger.warning("stored media is not checked: %s", error)
            except Exception:
                logger.exception("the check of stored media failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), INTERVAL)
