"""Reminds people of announced lives, a few minutes before the start."""

import asyncio
import logging
import time
from collections.abc import Callable

from server.push.deliveries import Deliveries
from server.push.live_pushes import PATIENCE, push_to
from server.push.message import starts_soon
from server.storage.announcements import AnnouncementRecord, AnnouncementStore
from server.storage.errors import StorageError
from server.storage.push_subscriptions import PushSubscriptionStore

logger = logging.getLogger(__name__)

BEFORE = 300.0
"""Seconds before the announced start at which reminders are sent."""
LATEST = 600.0
"""Seconds after the announced start from which on a reminder is no longer of use, for example
because the server was down.
"""
INTERVAL = 15.0
"""Seconds between two looks for announced lives."""
AT_ONCE = 20
"""Maximum number of announced lives that one look takes."""


class Reminders:
    """The task that sends the reminders. Call `start()`, and `close()` at the end."""

    def __init__(
        self,
        announcements: AnnouncementStore,
        subscriptions: PushSubscriptionStore,
        deliveries: Deliveries,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._announcements = announcements
        self._subscriptions = subscriptions
        self._deliveries = deliveries
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run_for_ever())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def run(self) -> None:
        """Sends the reminders that are due and that no other server sends. Raises StorageError."""
        now = self._clock()
        for due in await self._announcements.claim_due(now + BEFORE, AT_ONCE):
            if due.starts_at > now - LATEST:
                await self._remind(due)

    async def _remind(self, due: AnnouncementRecord) -> None:
        announced = await self._announcements.find(due.id)
        if announced is None:  # the creator has left
            return
        by = announced.by
        message = starts_soon(due.id, due.title, by.name, by.handle, due.starts_at)
        place, patience = None, PATIENCE
        while True:
            page = await self._subscriptions.of_reminded(due.id, by.id, place, self._clock())
            for record in page.records:
                patience = await self._deliveries.put(push_to(record, message), patience)
            place = page.place
            if place is None:
                return

    async def _run_for_ever(self) -> None:
        while True:
            try:
                await self.run()
            except StorageError as error:
                logger.warning("reminders of announced lives are late: %s", error)
            await asyncio.sleep(INTERVAL)
