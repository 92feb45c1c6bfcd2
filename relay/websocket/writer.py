"""Writes to one viewer's connection, through its transport or directly to its socket. Measures how
many bytes wait, and ends the connection within a deadline.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from relay.channel.fanout import DirectSocket
from relay.channel.message import Message
from relay.channel.outbox import DrainRate
from relay.channel.wsframe import close_frame
from relay.websocket.counters import WebSocketCounters
from relay.websocket.tcp import in_kernel, plain_socket

CLOSE_WITHIN = 2.0
"""Maximum time in which the peer must take the waiting bytes and answer a close frame, seconds.
After this time, the connection is cut.
"""


class SocketWriter:
    """Writes whole frames in order, without waiting. Bytes that the connection does not accept stay
    in the transport's buffer, and `measure` counts them.
    """

    def __init__(self, transport: asyncio.WriteTransport, counters: WebSocketCounters) -> None:
        self._transport = transport
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._drain = DrainRate()
        self._direct: DirectSocket | None = None
        self._written = 0
        """Number of bytes written to the transport since the last direct write."""
        self._taken = 0
        self._taken_at = self._loop.time()
        self._events: deque[tuple[int, int]] = deque()
        """For each write that contained events: the value of `_written` after the write, and the
        number of event bytes in the write.
        """
        self._cut_timer: asyncio.TimerHandle | None = None
        self.event_bytes = 0
        """Number of bytes of events that wait for the peer; `measure` updates this number."""

    @property
    def closing(self) -> bool:
        return self._transport.is_closing()

    @property
    def buffered(self) -> int:
        """Number of bytes in the transport's buffer."""
        return self._transport.get_write_buffer_size()

    @property
    def rate(self) -> float | None:
        """Rate at which the peer takes bytes, bit/s; None before the first measurement."""
        return self._drain.rate

    def write(self, data: bytes, event_bytes: int = 0) -> None:
        """Writes through the transport. `event_bytes`: number of bytes in `data` that belong to
        events.
        """
        if not data or self._transport.is_closing():
            return
        self._written += len(data)
        self._counters.octets += len(data)
        if event_bytes:
            self._events.append((self._written, event_bytes))
            self.event_bytes += event_bytes
        self._transport.write(data)

    def idle(self) -> None:
        """Resets the measurements, because no bytes wait for the peer."""
        self._taken_at = self._loop.time()
        self._drain.add(self._written, 0, 0.0)
        self._events.clear()
        self.event_bytes = 0

    def measure(self) -> tuple[int, float]:
        """Returns the number of bytes that wait for the peer, and the number of seconds since the
        peer last took bytes.
        """
        now = self._loop.time()
        waiting = self.buffered
        if waiting:
            waiting += in_kernel(self._transport)
        taken = self._written - waiting
        self._drain.add(taken, waiting, now * 1_000)
        while self._events and self._events[0][0] <= taken:
            self.event_bytes -= self._events.popleft()[1]
        if taken > self._taken or not waiting:
            self._taken, self._taken_at = taken, now
        return waiting, now - self._taken_at

    # Direct writes

    def open_direct(self, overflow: Callable[[Message, int], None]) -> DirectSocket | None:
        """Returns the socket for direct writes; None if the transport encrypts or no file
        descriptor is free.
        """
        if self._direct is None:
            sock = plain_socket(self._transport)
            if sock is None:
                return None
            try:
                self._direct = DirectSocket(sock.fileno(), overflow)
            except OSError:
                return None
        return self._direct

    def write_direct(self, frame: bytes) -> int:
        """Writes a frame directly to the socket. Returns the number of bytes that the socket
        accepted. The transport's buffer must be empty before the call.
        """
        sent = self._direct.write(frame) if self._direct else 0
        self._counters.octets += sent
        return sent

    def write_rest(self, message: Message, sent: int) -> None:
        """Writes the rest of a message after the socket accepted only `sent` bytes."""
        # `_written` does not count direct writes, so the count restarts at 0.
        self._written = 0
        self._taken_at = self._loop.time()
        self._events.clear()
        self.event_bytes = 0
        self.write(message.frame[sent:], message.event_bytes)
        self._taken = self._written - self.buffered - in_kernel(self._transport)

    # The end

    def close(self, code: int, reason: str) -> None:
        """Writes a close frame, after which nothing may be written. Cuts the connection if the peer
        does not end the connection in time.
        """
        self.write(close_frame(code, reason))
        self.stop()

    def stop(self) -> None:
        """Stops writing. Cuts the connection if the peer does not end the connection in time."""
        if self._direct:
            self._direct.close()
            self._direct = None
        if self._cut_timer is None:
            self._cut_timer = self._loop.call_later(CLOSE_WITHIN, self.cut)

    def finish(self) -> None:
        """Closes the transport. Cuts the connection if the peer does not take the waiting bytes in
        time.
        """
        self.stop()
        if self._cut_timer and not self.buffered:
            self._cut_timer.cancel()
        self._transport.close()

    def cut(self) -> None:
        """Ends the connection at once and drops the waiting bytes."""
        sock = self._transport.get_extra_info("socket")
        if sock is None or sock.fileno() >= 0:  # asyncio cannot abort a transport that is closed
            self._transport.abort()
