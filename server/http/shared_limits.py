"""Shares the rate limits of addresses among the nodes of a cluster: once a second, each node tells
the others how many requests of which addresses it has counted.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from server.cluster.asking import BadMessage, read, write
from server.http.limits import RateLimiter

logger = logging.getLogger(__name__)

SUBJECT = "ml.c.limits"
SHARE_EVERY = 1.0
MAX_MESSAGE = 512 * 1024
"""Maximum size of a message, bytes. A node writes about 40 bytes for an address."""

Publish = Callable[[str, bytes], Awaitable[None]]


class SharedLimits:
    """The rate limits that all nodes share. `limiters`: by the name of their setting. `open()`
    begins to tell the other nodes, and `close()` ends it.
    """

    def __init__(self, limiters: Mapping[str, RateLimiter], node: str, publish: Publish) -> None:
        """`node`: id of this node."""
        self._limiters = limiters
        self._node = node
        self._publish = publish
        self._task: asyncio.Task[None] | None = None
        for limiter in limiters.values():
            limiter.note_taken()

    def open(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._share_for_ever())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def share(self) -> None:
        """Tells the other nodes what this node has counted since the last call."""
        taken = {
            name: counts for name, limiter in self._limiters.items() if (counts := limiter.taken())
        }
        if taken:
            await self._publish(SUBJECT, write({"node": self._node, "taken": taken}))

    def receive(self, data: bytes, now: float) -> None:
        """Counts what another node has counted. `now`: time of the event loop."""
        try:
            for name, address, amount in _counts(data, self._node):
                if name in self._limiters:
                    self._limiters[name].count(address, amount, now)
        except BadMessage as error:
            logger.debug("limits of another node: %s", error)

    async def _share_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SHARE_EVERY)
            await self.share()


def _counts(data: bytes, node: str) -> Iterator[tuple[str, str, int]]:
    """Yields the setting, address and number of requests in a message; nothing for a message of
    `node` itself. Raises BadMessage.
    """
    if len(data) > MAX_MESSAGE:
        raise BadMessage("too large")
    found: Mapping[str, Any] = read(data)
    try:
        if found["node"] == node:
            return
        for name, counts in found["taken"].items():
            for address, amount in counts.items():
                if isinstance(amount, int) and amount > 0:
                    yield name, address, amount
    except (KeyError, AttributeError) as error:
        raise BadMessage(f"not counts: {error}") from None
