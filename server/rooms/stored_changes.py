"""Stores changes of rooms, and repeats attempts that have failed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from server.storage.errors import StorageError, StorageUnavailable

logger = logging.getLogger(__name__)

REPEAT_INTERVAL = 1.0
"""Seconds between two attempts to store a change while the database does not answer."""


class StoredChanges:
    """Stores changes in tasks of its own, so that a change completes even if the request that
    caused it is cancelled. Call `give_up()` when the server begins to close, and `close()` at the
    end.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs `work` once, in a task of its own."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def store(self, change: Callable[[], Awaitable[None]]) -> None:
        """Stores a change. Repeats the attempt while the database does not answer."""
        self.start(self._store(change))

    def repeat(self, change: Callable[[], Awaitable[None]]) -> None:
        """Stores a change whose first attempt has failed. Repeats the attempt while the database
        does not answer.
        """
        self.start(self._repeat(change))

    def give_up(self) -> None:
        """Ends the repeated attempts. The next start of the server restores the rooms, and ends the
        rooms whose end was not stored.
        """
        self._closing = True

    async def close(self) -> None:
        """Returns once all changes are stored, or have failed."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _store(self, change: Callable[[], Awaitable[None]]) -> None:
        try:
            await change()
        except StorageUnavailable:
            await self._repeat(change)

    async def _repeat(self, change: Callable[[], Awaitable[None]]) -> None:
        while not self._closing:
            await asyncio.sleep(REPEAT_INTERVAL)
            with suppress(StorageUnavailable):
                await change()
                return

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if error := task.exception():
            logger.error("%s", error, exc_info=None if isinstance(error, StorageError) else error)
