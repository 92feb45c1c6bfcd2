"""Notices servers that use the same database, but are not among the nodes: they use no NATS,
another NATS, or another account of it. Their rooms cannot be shown here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from server.cluster.nodes import Nodes
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

LOOK_EVERY = 40.0
"""Seconds between two looks at the leases of the servers, which are renewed every 15 s."""
MAX_NAMED = 1_000


class Strangers:
    """Logs one line for each server that is no node. Call `start()`, and `close()` at the end."""

    def __init__(
        self, nodes: Nodes, read_leases: Callable[[], Awaitable[Mapping[str, int]]]
    ) -> None:
        """`read_leases` returns the number of renewals of each server in the database."""
        self._nodes = nodes
        self._read_leases = read_leases
        self._seen: Mapping[str, int] = {}
        self._named: set[str] = set()
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._look_for_ever())

    async def close(self) -> None:
        # wait_for of Python 3.11 may swallow a cancellation, so the task also looks at `_closed`.
        self._closed = True
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def look(self) -> None:
        """Names the servers that have renewed their lease since the last look. Raises
        StorageError.
        """
        leases = await self._read_leases()
        for server, number in leases.items():
            running = number > self._seen.get(server, number)
            if running and self._nodes.named(server) is None and server not in self._named:
                if len(self._named) < MAX_NAMED:
                    self._named.add(server)
                    logger.warning(
                        "the server %s uses the same database, but it is no node at this NATS: "
                        "check its --nats and the account in it",
                        server,
                    )
        self._seen = leases

    async def _look_for_ever(self) -> None:
        while not self._closed:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self.look()
            except StorageError as error:
                logger.debug("the leases of other servers are not read: %s", error)
