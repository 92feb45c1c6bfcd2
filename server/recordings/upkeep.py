"""Ends the recordings that no recorder writes any more, and stops recordings that have no room."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from server.recordings.policy import Note, RecordingPolicy
from server.storage.errors import StorageError
from server.storage.kept_media import KeptMediaStore
from server.storage.recordings import RecordingStore

logger = logging.getLogger(__name__)

INTERVAL = 30.0
"""Seconds between two checks."""
AT_ONCE = 100
"""Maximum number of recordings that one check ends."""
ABANDONED_AFTER = 300.0
"""Seconds from the end of a live until any server may end its recording, because the server of the
recording is then considered lost.
"""


class Upkeep:
    """Checks the recordings of all servers. Call `start()`, and `close()` at the end."""

    def __init__(
        self,
        store: RecordingStore,
        kept: KeptMediaStore,
        policy: RecordingPolicy,
        conclude: Callable[[str], Awaitable[None]],
        stop_largest: Callable[[Note], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        """`conclude` ends the recording of a room that no recorder writes. `stop_largest` stops the
        largest recording that this process writes.
        """
        self._store = store
        self._kept = kept
        self._policy = policy
        self._conclude = conclude
        self._stop_largest = stop_largest
        self._now = now
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def check(self) -> None:
        """Ends abandoned recordings, and stops the largest recording if no room is left. Raises
        StorageError.
        """
        for record in await self._store.abandoned(self._now() - ABANDONED_AFTER, AT_ONCE):
            await self._conclude(record.room)
        if await self._kept.total() > self._policy.max_bytes:
            oldest, _ = await self._kept.oldest()
            if not oldest:  # Nothing is left that `server.media` may delete.
                self._stop_largest(Note.OVER_LIMIT)

    async def _run(self) -> None:
        while True:
            try:
                await self.check()
            except StorageError as error:
                logger.debug("the recordings are not checked: %s", error)
            except Exception:
                logger.exception("the check of the recordings failed")
            await asyncio.sleep(INTERVAL)
