"""Ends the rooms of servers that are lost for ever, so that no room stays live without a server.

Each server that shares the database renews its lease while it runs, and observes the leases of the
other servers. A server is lost if its lease did not change for LOST_AFTER seconds. The observer
measures this time with its own monotonic clock, so that a wrong clock cannot end a live room.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping

from server.storage.errors import StorageError
from server.storage.server_leases import ServerLeaseStore

logger = logging.getLogger(__name__)

RENEW_EVERY = 15.0
"""Interval at which a server renews its lease and reads the leases of the other servers, seconds.
"""
LOST_AFTER = 900.0
"""Seconds without a renewal after which a server is lost. A server that is restarted sooner keeps
its rooms.
"""
MAX_PAUSE = 60.0
"""Maximum seconds between two observations. After a longer pause, the observer measures all leases
from the beginning. The cause of the pause may be that no server could reach the database to renew
its lease, or that this process was stopped.
"""


class Observation:
    """The time for which each lease has not changed."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._seen: dict[str, tuple[int, float]] = {}
        """The number of renewals of a server's lease, and the time at which the observer first read
        this number, by server.
        """

    def observe(self, renewals: Mapping[str, int], now: float) -> dict[str, float]:
        """Takes the number of renewals of each server, as read at `now` (seconds, monotonic).
        Returns the lost servers, with the seconds since the last renewal.
        """
        if self._last is None or now - self._last > MAX_PAUSE:
            self._seen.clear()
        self._last = now
        self._seen = {
            server: self._seen[server]
            if self._seen.get(server, (-1, 0.0))[0] == number
            else (number, now)
            for server, number in renewals.items()
        }
        return {
            server: now - since
            for server, (_, since) in self._seen.items()
            if now - since >= LOST_AFTER
        }


class LostServers:
    """Renews the lease of this server, and ends the rooms of lost servers. Call `start()`, and
    `close()` at the end. A server that uses its database alone needs no lease.
    """

    def __init__(
        self,
        store: ServerLeaseStore,
        open_rooms: Callable[[], Iterable[str]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`open_rooms` returns the rooms of this process that have not ended."""
        self._store = store
        self._open_rooms = open_rooms
        self._clock = clock
        self._observation = Observation()
        self._renewed = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._store.server:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def check(self) -> None:
        """Renews the lease, then ends the rooms of lost servers. Raises StorageError.

        The renewal comes first, because a failed renewal shows that the database accepts no writes.
        The other servers then cannot renew their leases either, and old leases prove nothing.
        """
        if not await self._store.renew(self._open_rooms) and self._renewed:
            logger.warning("another server had ended the rooms of this server: they are open again")
        self._renewed = True
        renewals = await self._store.read_others()
        for server, silent in self._observation.observe(renewals, self._clock()).items():
            number = await self._store.end_rooms(server, renewals[server], time.time() - silent)
            if number:
                logger.warning("the server %s is lost: %d of its rooms have ended", server, number)

    async def _run(self) -> None:
        while True:
            try:
                await self.check()
            except StorageError as error:
                logger.debug("the lease of this server is not renewed: %s", error)
            await asyncio.sleep(RENEW_EVERY)
