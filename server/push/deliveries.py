"""Hands pushes over to push services, at most AT_ONCE at the same time.

A push service that does not answer holds a place for 5 s. Anybody can subscribe with the address of
such a service, so only services that have answered lately may use most of the places: a push goes
to the queue `known` or to the queue `others`, each with its own workers. When the queue `others`
stays full, further pushes for it are dropped.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from server.push.client import PushClient, Result
from server.push.counters import DROPPED, PushCounters
from server.push.message import Message
from server.push.pace import Pace
from server.push.subscription import Subscription
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

AT_ONCE = 64
"""Maximum number of pushes that are being sent."""
FOR_OTHERS = 8
"""The part of AT_ONCE for push services that have not answered lately."""
MAX_QUEUED = 2_000
"""Maximum number of pushes in each queue. A push in a queue takes about 1 KB."""
MAX_KNOWN = 1_000
"""Maximum number of push services that are known to answer."""
MAX_FAILURES = 3
"""Number of failures in succession after which a push service is not known to answer any more."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A browser that gets a push."""

    id: str
    """Id of the subscription."""
    subscription: Subscription
    language: str | None
    """The language that the person has chosen."""


@dataclass(frozen=True, slots=True)
class Push:
    """A push that waits to be sent."""

    to: Recipient
    message: Message


class Deliveries:
    """The queues and their workers. Call `start()`, and `close()` at the end."""

    def __init__(
        self,
        client: PushClient,
        counters: PushCounters,
        forget: Callable[[str], Awaitable[None]],
    ) -> None:
        """`forget` is called with the id of each subscription that can never be used again."""
        self._client = client
        self._counters = counters
        self._forget = forget
        self._pace = Pace()
        self._answering: OrderedDict[str, int] = OrderedDict()
        """The push services that have answered lately, with their failures since then."""
        self._known: asyncio.Queue[Push] = asyncio.Queue(MAX_QUEUED)
        self._others: asyncio.Queue[Push] = asyncio.Queue(MAX_QUEUED)
        self._workers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        for number in range(AT_ONCE):
            queue = self._others if number < FOR_OTHERS else self._known
            self._workers.append(loop.create_task(self._work(queue)))

    async def close(self) -> None:
        """Drops the pushes that wait."""
        for worker in self._workers:
            worker.cancel()
        if self._workers:
            await asyncio.wait(self._workers)

    @property
    def waiting(self) -> int:
        """Number of pushes that wait."""
        return self._known.qsize() + self._others.qsize()

    async def put(self, push: Push, patience: float = 0.0) -> float:
        """Queues a push. Waits while the queue of known push services is full, or at most
        `patience` seconds while the other queue is full. Returns the rest of the patience.
        """
        if push.to.subscription.origin in self._answering:
            await self._known.put(push)
            return patience
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(patience):
                await self._others.put(push)
        except TimeoutError:
            self._counters.results[DROPPED] += 1
        return max(0.0, patience - (loop.time() - began))

    async def _work(self, queue: asyncio.Queue[Push]) -> None:
        while True:
            push = await queue.get()
            # The push service may have begun or ceased to answer since the push was queued.
            answers = push.to.subscription.origin in self._answering
            if answers is (queue is self._known):
                await self._send(push)
            elif answers:
                await self._known.put(push)
            else:
                await self.put(push)

    async def _send(self, push: Push) -> None:
        await self._wait_for_turn()
        to, message = push.to, push.message
        result = await self._client.send(
            to.subscription, message.to_json(to.language), message.topic
        )
        self._counters.results[result] += 1
        self._note(to.subscription.origin, answers=result not in (Result.FAILED, Result.NOT_PUBLIC))
        if result in (Result.GONE, Result.NOT_PUBLIC):
            await self._forget_subscription(to.id)

    async def _forget_subscription(self, id: str) -> None:
        try:
            await self._forget(id)
        except StorageError as error:  # the next push about a live finds the subscription again
            logger.warning("a subscription that has ended is not deleted: %s", error)
        else:
            self._counters.forgotten += 1

    async def _wait_for_turn(self) -> None:
        loop = asyncio.get_running_loop()
        planned = self._pace.reserve(loop.time())
        await asyncio.sleep(planned - loop.time())
        self._pace.began(planned, loop.time())

    def _note(self, origin: str, *, answers: bool) -> None:
        """Takes whether a push service has answered."""
        failures = 0 if answers else self._answering.get(origin, MAX_FAILURES) + 1
        self._answering.pop(origin, None)
        if failures < MAX_FAILURES:
            self._answering[origin] = failures
            while len(self._answering) > MAX_KNOWN:
                self._answering.popitem(last=False)
