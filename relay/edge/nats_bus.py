"""Exchanges messages over NATS, with nats-py."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Self
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription as NatsSubscription

from relay.callbacks import ignore
from relay.edge.bus import BusError, NoResponders, Receive, RequestTimeout

logger = logging.getLogger(__name__)

MEDIA_PENDING = 8 * 1024 * 1024
"""Maximum number of bytes of media that may wait to be written. Further messages are dropped: late
media is worth nothing, and edges notice the gap. The largest message must fit.
"""
CONTROL_PENDING = 16 * 1024 * 1024
"""Maximum number of bytes of control messages and snapshots that may wait to be written."""
SUBSCRIPTION_PENDING = 4 * 1024 * 1024
"""Maximum number of bytes that may wait in one subscription. Further messages are dropped."""
CONNECT_WITHIN = 5.0
FLUSH_WITHIN = 2
RECONNECT_EVERY = 0.1
PING_EVERY = 1
"""Interval of pings, s. A server that leaves two of them unanswered is lost."""


class NatsBus:
    """A bus over one connection of nats-py, which must have been made with `pending_size=0`, so
    that nothing waits while NATS is away. `connect` makes such a connection.
    """

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
        client, place = Client(), urlsplit(url).netloc.rpartition("@")[2]

        async def failed(error: Exception) -> None:
            logger.debug("NATS at %s: %s", place, error)

        async def found() -> None:
            reconnected()

        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await client.connect(
                    url,
                    error_cb=failed,
                    reconnected_cb=found,
                    name=name,
                    inbox_prefix=f"_INBOX.{name}",
                    connect_timeout=2,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RECONNECT_EVERY,  # type: ignore[arg-type]
                    ping_interval=PING_EVERY,
                    max_outstanding_pings=2,
                    pending_size=0,
                )
        except (TimeoutError, OSError, nats.errors.Error) as error:
            await client.close()
            raise BusError(f"cannot connect to NATS at {place}: {error}") from error
        return cls(client, most_pending)

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
        async def call(message: Msg) -> None:
            try:
                receive(message.subject, message.data, self._reply(message.reply))
            except Exception:  # the next messages must still be received
                logger.exception("a message to %s was lost", subject)

        if not self._client.is_connected:
            raise BusError(f"cannot subscribe to {subject}: NATS is away")
        try:
            subscription = NatsBusSubscription(
                await self._client.subscribe(
                    subject, cb=call, pending_bytes_limit=SUBSCRIPTION_PENDING
                )
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


async def flush(client: Client, within: int) -> None:
    """Returns once the server has received everything that `client` has sent. Raises the errors of
    `Client.flush`, whose own ping may overtake what waits to be written. `within`: seconds for each
    of two pings.
    """
    for _ in range(2):
        await client.flush(within)
