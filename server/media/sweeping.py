"""Deletes the objects under discarded prefixes."""

import logging
import math

from server.objects.errors import ObjectsError
from server.objects.objects import Objects
from server.storage.discarded import DiscardedStore

logger = logging.getLogger(__name__)

AT_ONCE = 1_000
"""Maximum number of prefixes that one run looks at."""
SETTLED_AFTER = 120.0
"""Seconds after which no `put` from before the deletion of the rows can still complete. The objects
are deleted at once, and again after this time.
"""
MAX_FAILURES = 3
"""Number of failures after which a run ends, because the store itself does not answer."""


class Sweeping:
    """Deletes objects that no row names. Every server may do this, at the same time."""

    def __init__(self, discarded: DiscardedStore, objects: Objects) -> None:
        self._discarded = discarded
        self._objects = objects
        self._swept: dict[str, float] = {}
        """When the objects under each waiting prefix were deleted for the first time."""
        self._failed: set[str] = set()
        """Prefixes whose last deletion failed. These prefixes come last, so that other prefixes do
        not wait.
        """

    async def run(self, now: float) -> int:
        """Deletes the objects that are due at `now` (seconds of any monotonic clock). Returns the
        number of deleted objects. Raises StorageError; logs errors of the store.
        """
        waiting = await self._discarded.oldest(AT_ONCE)
        self._swept = {prefix: self._swept[prefix] for prefix in waiting if prefix in self._swept}
        self._failed.intersection_update(waiting)
        due = [
            prefix
            for prefix in waiting
            if now - self._swept.get(prefix, -math.inf) >= SETTLED_AFTER
        ]
        deleted = failures = 0
        for prefix in sorted(due, key=self._failed.__contains__):
            try:
                deleted += await self._objects.delete_prefix(prefix)
            except ObjectsError as error:
                self._failed.add(prefix)
                failures += 1
                if failures == MAX_FAILURES:
                    break
                logger.debug("cannot delete the objects under %s: %s", prefix, error)
                continue
            self._failed.discard(prefix)
            await self._receive_deletion(prefix, now)
        return deleted

    async def _receive_deletion(self, prefix: str, now: float) -> None:
        if prefix not in self._swept:
            self._swept[prefix] = now
            return
        await self._discarded.forget(prefix)
        del self._swept[prefix]
