"""The answers that are being sent: how many bytes wait, and whether the clients take bytes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp.abc import AbstractStreamWriter

from relay.errors import RefusalCode
from relay.websocket.tcp import in_kernel
from server.errors import TooManyRequests
from server.http.limits import ConnectionLimiter

STALLED = 10.0
"""Seconds in which a client must take LEAST bytes of an answer, or all bytes that remain."""
LEAST = 16_384
UNREAD_EACH = 64 << 20
"""Maximum number of bytes that wait for the clients of one address."""
UNREAD_ALL = 512 << 20
"""Maximum number of bytes that wait for all clients."""
RETRY_UNREAD = 2


class Delivery:
    """The sending of one answer. Measures whether the client takes the answer's bytes."""

    def __init__(
        self, transport: asyncio.Transport, writer: AbstractStreamWriter, now: float
    ) -> None:
        self._transport = transport
        self._writer = writer
        self._taken: int | None = None
        """Number of bytes that the client had taken at the time `_at`; None before the first check.
        Negative if bytes of earlier answers were not acknowledged.
        """
        self._at = now

    def stalled(self, now: float) -> bool:
        """Whether the client took fewer than LEAST bytes in STALLED seconds."""
        taken = self._writer.output_size - unread(self._transport)
        if self._taken is None or taken >= self._taken + LEAST:
            self._taken, self._at = taken, now
        return now - self._at >= STALLED

    def abort(self) -> None:
        """Ends the connection at once."""
        self._transport.abort()


class Deliveries:
    """The answers that are being sent. Limits the bytes that wait for each address, and for all
    addresses together.
    """

    def __init__(self) -> None:
        self.stalled = 0
        """Number of connections that ended because their clients did not read an answer."""
        self._unread = ConnectionLimiter(UNREAD_EACH, UNREAD_ALL)
        self._sending: set[Delivery] = set()

    @property
    def unread(self) -> int:
        """Total size of all answers whose sending has not ended, bytes."""
        return self._unread.held

    @contextmanager
    def sending(self, delivery: Delivery, address: str, size: int) -> Iterator[None]:
        """Counts `size` bytes as waiting until the context ends. Within the context, `end_stalled`
        ends the connection if the client takes too few bytes. Raises TooManyRequests if too many
        bytes wait already.
        """
        if size and not self._unread.acquire(address, size):
            raise TooManyRequests(
                RefusalCode.TOO_MANY_REQUESTS,
                "too many answers to this address wait to be read",
                RETRY_UNREAD,
            )
        self._sending.add(delivery)
        try:
            yield
        finally:
            self._sending.discard(delivery)
            if size:
                self._unread.release(address, size)

    def end_stalled(self, now: float) -> None:
        """Ends the connections whose clients take too few bytes."""
        for delivery in list(self._sending):
            if delivery.stalled(now):
                self.stalled += 1
                delivery.abort()


def unread(transport: asyncio.Transport) -> int:
    """Returns the number of bytes that the client has not acknowledged."""
    return transport.get_write_buffer_size() + in_kernel(transport)
