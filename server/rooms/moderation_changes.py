"""Tells rooms that moderators have changed something, whether in this process or in another process
that shares the database.

The owner calls `open()` and `close()`. A room subscribes while the room is in memory.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from server.storage.errors import StorageError
from server.storage.moderation import ModerationStore
from server.storage.moderation_change import OPERATOR

logger = logging.getLogger(__name__)

READ_EVERY = 1.0
"""Interval at which the changes of other processes are read, seconds."""
OVERLAP = 60.0
"""Age of the oldest changes that are read, seconds. Consecutive reads overlap, because the clocks
of servers differ, and because a change becomes visible only after its commit.
"""


class ModerationChanges:
    """Calls the functions with which rooms have subscribed to the moderation of their creators:
    after a change by a creator's moderators, the functions of this creator's rooms; after a change
    by the operator, all functions.
    """

    def __init__(
        self, store: ModerationStore, now: Callable[[], float] = time.time, *, shared: bool = True
    ) -> None:
        """`shared`: whether another process may change the database."""
        self._store = store
        self._now = now
        self._shared = shared
        self._subscribers: dict[str, dict[Callable[[], None], None]] = {}
        self._revisions: dict[str, int] = {}
        self._watchers: list[Callable[[str], None]] = []
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        if self._shared:
            self._task = asyncio.get_running_loop().create_task(self._read_for_ever())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    def subscribe(self, creator: str, changed: Callable[[], None]) -> None:
        self._subscribers.setdefault(creator, {})[changed] = None

    def unsubscribe(self, creator: str, changed: Callable[[], None]) -> None:
        subscribers = self._subscribers.get(creator, {})
        subscribers.pop(changed, None)
        if not subscribers:
            self._subscribers.pop(creator, None)

    def watch(self, changed: Callable[[str], None]) -> None:
        """Calls `changed` with the creator of each change of other processes, from now on."""
        self._watchers.append(changed)

    def announce(self, creator: str) -> None:
        """Calls the subscribers after a change in this process."""
        creators = list(self._subscribers) if creator == OPERATOR else [creator]
        for one in creators:
            for changed in list(self._subscribers.get(one, ())):
                changed()

    async def read(self) -> None:
        """Reads the changes of other processes, and calls the subscribers. Raises StorageError."""
        found = await self._store.changed_since(self._now() - OVERLAP)
        new = [
            creator
            for creator, revision in found.items()
            if self._revisions.get(creator, 0) < revision
        ]
        # Forget the revisions of changes that are older than OVERLAP.
        self._revisions = found
        for creator in new:
            self.announce(creator)
            for changed in self._watchers:
                changed(creator)

    async def _read_for_ever(self) -> None:
        while True:
            await asyncio.sleep(READ_EVERY)
            try:
                await self.read()
            except StorageError as error:
                logger.debug("cannot read the changes of moderation: %s", error)
