"""Exchanges messages over NATS, with nats-py."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any, Self

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as NatsSubscription

from relay.callbacks import ignore
from relay.edge.bus import BusError, NoResponders, Receive, RequestTimeout
from relay.edge.nats_client import connect, flush, subscribe

logger = logging.getLogger(__name__)

MEDIA_PENDING = 8 * 1024 * 1024
"""Maximum number of bytes of media that may wait to be written. Further messages are dropped: late
media is worth nothing, and edges notice the gap. The largest message must fit.
"""
CONTROL_PENDING = 16 * 1024 * 1024
"""Maximum number of bytes of control messages and snapshots that may wait to be written."""
SUBSCRIPTION_PENDING = 4 * 1024 * 1024
"""Maximum number of bytes that may wait in one subscription. Further messages are dropped."""
FLUSH_WITHIN = 2


class NatsBus:
    """A bus over one connection of nats-py that nats_client.connect has made."""

    def __init__(self, client: Client, most_pending: int = CONTROL_PENDING) -> None:
        """`most_pending`: maximum number of bytes that may wait to be written."""
        self._client = client
        self.most_pending = most_pending
        self.dropped = 0
        """Number of messages that were dropped because the connection was away or too slow."""

    @classmethod
    async def connect(
        cls,
        url: str,
        name: str,
        most_pending: int = CONTROL_PENDING,
        reconnected: Callable[[], None] = ignore,
    ) -> Self:
        """Connects to NATS. `name` identifies the connection in NATS. Calls `reconnected` after
        each interruption. Raises BusError.
        """
        return cls(await connect(url, name, found=reconnected), most_pending)

    async def close(self) -> None:
        """Closes the connection."""
        await self._client.close()

    @property
    def max_payload(self) -> int:
        return self._client.max_payload

    @property
    def connected(self) -> bool:
        return self._client.is_connected

    def publish(self, subject: str, data: bytes) -> bool:
        client = self._client
        if client.is_connected and client.pending_data_size + len(data) <= self.most_pending:
            try:
                _run(client.publish(subject, data))
                return True
            except nats.errors.Error as error:
                logger.debug("a message to %s was dropped: %s", subject, error)
        self.dropped += 1
        return False

    async def request(self, subject: str, data: bytes, within: float) -> bytes:
        try:
            answer = await self._client.request(subject, data, timeout=within)
        except nats.errors.NoRespondersError as error:
            raise NoResponders(f"no subscriber listens to {subject}") from error
        except nats.errors.TimeoutError as error:
            raise RequestTimeout(f"no answer from {subject}") from error
        except nats.errors.Error as error:
            raise BusError(f"the request to {subject} was not sent: {error}") from error
        return answer.data

    async def subscribe(self, subject: str, receive: Receive) -> "NatsBusSubscription":
        def call(message: Msg) -> None:
            receive(message.subject, message.data, self._reply(message.reply))

        if not self._client.is_connected:
            raise BusError(f"cannot subscribe to {subject}: NATS is away")
        try:
            subscription = NatsBusSubscription(
                await subscribe(self._client, subject, call, SUBSCRIPTION_PENDING)
            )
        except nats.errors.Error as error:
            raise BusError(f"cannot subscribe to {subject}: {error}") from error
        try:
            # Only after an answer is it certain that the server knows the subscription.
            await flush(self._client, FLUSH_WITHIN)
        except BaseException as error:
            await subscription.close()
            if isinstance(error, (nats.errors.Error, TimeoutError)):
                raise BusError(f"cannot subscribe to {subject}: {error}") from error
            raise
        return subscription

    def _reply(self, subject: str) -> Callable[[bytes], None]:
        if not subject:
            return ignore

        def reply(data: bytes) -> None:
            self.publish(subject, data)

        return reply


class NatsBusSubscription:
    """A subscription of a NatsBus."""

    def __init__(self, subscription: NatsSubscription) -> None:
        self._subscription = subscription

    async def close(self) -> None:
        try:
            await self._subscription.unsubscribe()
        except nats.errors.Error as error:
            logger.debug("a subscription was not ended: %s", error)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine that does not wait. With `pending_size=0`, `Client.publish` hands the bytes
    to the task that writes, and waits for nothing.
    """
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()  # the bytes have been handed over before the coroutine waits
