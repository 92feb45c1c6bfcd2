"""Connects to NATS with nats-py."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import DEFAULT_SUB_PENDING_BYTES_LIMIT, Subscription

from relay.callbacks import ignore
from relay.edge.bus import BusError

logger = logging.getLogger(__name__)

CONNECT_WITHIN = 5.0
RECONNECT_EVERY = 0.1
PING_EVERY = 1
"""Interval of pings, s. A server that leaves two of them unanswered is lost."""
REFUSED = "Authorization Violation"


class WrongPassword(BusError):
    """Raised when NATS does not accept the user or the password."""


async def connect(
    url: str,
    name: str,
    lost: Callable[[str], object] = ignore,
    found: Callable[[], object] = ignore,
) -> Client:
    """Returns a connection that reconnects by itself, and with which nothing waits while NATS is
    away. `name` identifies it in NATS. At each interruption, calls `lost` with the reason and later
    `found`. Raises BusError.
    """
    client, reason = Client(), ""

    async def failed(error: Exception) -> None:
        nonlocal reason
        # The server closes the connection after it has refused the password.
        if REFUSED not in reason:
            reason = text_of(error)
        logger.debug("NATS at %s: %s", place_of(url), error)

    async def disconnected() -> None:
        if client.is_reconnecting:
            lost(reason or "the connection broke")

    async def reconnected() -> None:
        found()

    try:
        async with asyncio.timeout(CONNECT_WITHIN):
            await client.connect(
                url,
                error_cb=failed,
                disconnected_cb=disconnected,
                reconnected_cb=reconnected,
                name=name,
                inbox_prefix=f"_INBOX.{name}",
                connect_timeout=2,
                max_reconnect_attempts=-1,
                reconnect_time_wait=RECONNECT_EVERY,  # type: ignore[arg-type]
                ping_interval=PING_EVERY,
                max_outstanding_pings=2,
                # What waits during an interruption would be stale afterwards.
                pending_size=0,
            )
    except (TimeoutError, OSError, nats.errors.Error) as error:
        await client.close()
        place = place_of(url)
        if REFUSED in reason:
            raise WrongPassword(
                f"NATS at {place} does not accept the user or the password in the URL"
            ) from error
        text = reason or text_of(error)
        raise BusError(f"cannot connect to NATS at {place}: {text}") from error
    return client


async def subscribe(
    client: Client,
    subject: str,
    receive: Callable[[Msg], None],
    most_pending: int = DEFAULT_SUB_PENDING_BYTES_LIMIT,
) -> Subscription:
    """Calls `receive` with each message. Logs its errors: the next messages are still received.
    `most_pending`: maximum number of bytes that may wait. Raises the errors of `Client.subscribe`.
    """

    async def call(message: Msg) -> None:
        try:
            receive(message)
        except Exception:
            logger.exception("a message to %s was lost", subject)

    return await client.subscribe(subject, cb=call, pending_bytes_limit=most_pending)


async def flush(client: Client, within: int) -> None:
    """Returns once the server has received everything that `client` has sent. Raises the errors of
    `Client.flush`, whose own ping may overtake what waits to be written. `within`: seconds for each
    of two pings.
    """
    for _ in range(2):
        await client.flush(within)


def place_of(url: str) -> str:
    """Returns the host and port in a URL, without the password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def text_of(error: BaseException) -> str:
    """Returns the reason of an error, in one line."""
    reason: Any = getattr(error, "strerror", None) or str(error).removeprefix("nats: ")
    return str(reason).strip("'") or "it does not answer"
