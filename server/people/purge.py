"""Deletes the people whose time of deletion has come."""

import asyncio
import logging
import time
from collections.abc import Callable

from relay.callbacks import ignore
from server.people.counters import PeopleCounters
from server.storage.account import AccountStore
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two runs."""
AT_ONCE = 20
"""Maximum number of people who are deleted in one run."""
MAX_LEAVING = 200
"""Maximum number of people that one run adds to the set of people who will soon be deleted."""


class Purge:
    """The task that deletes people. Call `start()` first, `close()` at the end."""

    def __init__(
        self,
        accounts: AccountStore,
        counters: PeopleCounters,
        forget: Callable[[str], None] = ignore,
    ) -> None:
        """`forget`: called with the id of each deleted person, also if another server deletes the
        person.
        """
        self._accounts = accounts
        self._counters = counters
        self._forget = forget
        self._leaving: set[str] = set()
        """People whose time of deletion is past or at most two intervals away. Each run checks
        whether this server or another server has deleted them.
        """
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run_for_ever())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def run(self, now: float) -> int:
        """Deletes people whose time of deletion has come. Returns the number of deleted people.
        Raises StorageError.
        """
        self._leaving.update(await self._accounts.due(now + 2 * INTERVAL, MAX_LEAVING))
        deleted = 0
        for person in await self._accounts.due(now, AT_ONCE):
            deleted += await self._accounts.erase(person, now)
        self._counters.deleted += deleted
        for person in list(self._leaving):
            record = await self._accounts.find(person)
            if record is None:
                self._forget(person)
            if record is None or record.delete_at is None:
                self._leaving.discard(person)
        return deleted

    async def _run_for_ever(self) -> None:
        while True:
            try:
                if count := await self.run(time.time()):
                    logger.info("%d people were deleted at their own request", count)
            except StorageError as error:
                logger.warning("cannot delete people: %s", error)
            await asyncio.sleep(INTERVAL)
