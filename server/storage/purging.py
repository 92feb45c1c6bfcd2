"""The task that deletes overdue data once an hour."""

import asyncio
import logging
import time
from contextlib import suppress

from server.storage.errors import StorageError
from server.storage.retention import Retention, RetentionPeriods

logger = logging.getLogger(__name__)

INTERVAL = 3_600.0
"""Seconds between two purges."""


class Purging:
    """Purges at the start and then every hour. Call `start()`, and `close()` at the end."""

    def __init__(self, retention: Retention, periods: RetentionPeriods) -> None:
        self._retention = retention
        self._periods = periods
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Ends the task. A purge that has begun is completed first."""
        self._closing.set()
        if self._task:
            await self._task

    async def _run(self) -> None:
        while not self._closing.is_set():
            try:
                await self._retention.purge(self._periods, time.time())
            except StorageError as error:
                logger.error("overdue data is not deleted: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), INTERVAL)
