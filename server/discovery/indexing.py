"""Adds lives, clips and people that an older release has stored to the search."""

import asyncio
import logging

from server.storage.errors import StorageError
from server.storage.unindexed import UnindexedStore

logger = logging.getLogger(__name__)

STEP = 50
"""Number of items that one transaction adds."""
PAUSE = 0.05
"""Seconds between two transactions, so that other writes do not wait."""
RETRY = 30.0
"""Seconds after which the work goes on if the database did not answer."""


class Indexing:
    """The task that runs after each start until every item can be found. Call `start()`, and
    `close()` at the end.
    """

    def __init__(self, store: UnindexedStore) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def add_all(self) -> int:
        """Adds all items. Returns their number. Raises StorageError."""
        added = 0
        for kind in self._store.kinds:
            last = ""
            while step := await self._store.after(kind, last, STEP):
                await self._store.add(kind, step)
                last = step[-1]
                added += len(step)
                await asyncio.sleep(PAUSE)
        return added

    async def _run(self) -> None:
        while True:
            try:
                if added := await self.add_all():
                    logger.info("%d lives, clips and people can be found now", added)
                return
            except StorageError as error:
                logger.warning("some lives and clips cannot be found yet: %s", error)
            await asyncio.sleep(RETRY)
