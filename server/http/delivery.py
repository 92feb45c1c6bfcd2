"""The sending of one answer, with a measurement of the bytes that the client takes."""

import asyncio

from aiohttp.abc import AbstractStreamWriter

from relay.websocket.tcp import in_kernel

STALLED = 10.0
"""Seconds in which a client must take LEAST bytes of an answer, or the whole answer."""
LEAST = 16_384


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


def unread(transport: asyncio.Transport) -> int:
    """Returns the number of bytes that the client has not acknowledged."""
    return transport.get_write_buffer_size() + in_kernel(transport)
