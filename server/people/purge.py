"""Deletes the people whose time of deletion has come."""

import asyncio
import logging
import time

from server.people.counters import PeopleCounters
from server.storage.account import AccountStore
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two looks into storage."""
AT_ONCE = 20
"""Maximum number of people who are deleted in one run."""


class Purge:
    """The task that deletes people. Call `start()` first, `close()` at the end."""

    def __init__(self, accounts: AccountStore, counters: PeopleCounters) -> None:
        self._accounts = accounts
        self._counters = counters
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run_for_ever())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def run(self, now: float) -> int:
        """Deletes people whose time has come. Returns their number. Raises StorageError."""
        deleted = 0
        for person in await self._accounts.due(now, AT_ONCE):
            deleted += await self._accounts.erase(person, now)
        self._counters.deleted += deleted
        return deleted

    async def _run_for_ever(self) -> None:
        while True:
            try:
                if count := await self.run(time.time()):
                    logger.info("%d people were deleted, as they had asked", count)
            except StorageError as error:
                logger.warning("cannot delete people: %s", error)
            await asyncio.sleep(INTERVAL)
