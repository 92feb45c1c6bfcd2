"""Reads many TCP connections (without TLS) and UDP sockets with its own epoll instance. Reads in
small batches, so that the process's timers remain punctual.

The asyncio event loop would read a thousand connections before it ran a timer. The poller reads a
batch of connections, then lets the event loop do its other work. The poller looks for data once a
millisecond, instead of sleeping until data arrives. If it slept and the server ran on the same
machine, the kernel would wake the sleeping process during the server's write. That would cost the
server 5 to 20 % more CPU time. Remote viewers never cause this cost.
"""

import asyncio
import os
import select
from collections.abc import Callable

LOOK_EVERY = 0.001
"""Seconds between two polls."""
AT_ONCE = 64
"""Number of connections that are read in one batch. After each batch, the event loop does its other
work.
"""


class Poller:
    """Reads all connections into one shared buffer. The callback `received` of a connection must
    process the buffer before it returns.
    """

    def __init__(self, buffer: memoryview) -> None:
        self._buffer = buffer
        self._whole = len(buffer)
        self._received: dict[int, Callable[[int], None]] = {}
        self._epoll = select.epoll()
        self._loop = asyncio.get_running_loop()
        self._next_look: asyncio.Handle = self._loop.call_soon(self._look)

    def add(self, fd: int, received: Callable[[int], None], *, datagrams: bool = False) -> None:
        """Adds a connection. The poller calls `received` with the size of each read, and with 0
        once the connection has ended.
        """
        self._received[fd] = received
        # Make streams edge-triggered. No data is lost: each stream is read until a read does not
        # fill the buffer. After a hang-up, the stream is read to its end (epoll(7)). Make datagram
        # sockets level-triggered, because a read returns only one datagram.
        self._epoll.register(
            fd, select.EPOLLIN if datagrams else select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
        )

    def remove(self, fd: int) -> None:
        """Removes a connection. Call this before closing the connection's descriptor, because the
        kernel may reuse the descriptor's number at once.
        """
        if self._received.pop(fd, None):
            self._epoll.unregister(fd)

    def close(self) -> None:
        self._next_look.cancel()
        self._epoll.close()
        self._received.clear()

    def _look(self) -> None:
        self._next_look = (
            self._loop.call_soon(self._look)
            if self._read_some()
            else self._loop.call_later(LOOK_EVERY, self._look)
        )

    def _read_some(self) -> bool:
        """Reads up to AT_ONCE connections. Returns whether any data has arrived."""
        buffers, whole, connections, readv = (self._buffer,), self._whole, self._received, os.readv
        events = self._epoll.poll(0, AT_ONCE)
        for fd, event in events:
            size, ending = whole, event != select.EPOLLIN
            while (
                size and (size == whole or ending) and (received := connections.get(fd))
            ):  # any connection's `received` may have removed this one
                try:
                    size = readv(fd, buffers)
                except BlockingIOError:
                    break
                except OSError:
                    size = 0
                if not size:
                    self.remove(fd)
                received(size)
        return bool(events)
