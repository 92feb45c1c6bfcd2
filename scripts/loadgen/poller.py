"""Reads many plain connections with its own epoll, in slices, so that the process's timers remain
punctual.

The event loop would read a thousand connections before it ran a timer. The poller reads the
messages of one frame in small batches, with the loop's other work in between. It runs once a
millisecond instead of sleeping until data arrives: if the server is on the same machine, the kernel
would wake a sleeping process inside the server's write. That would cost the server 5 to 20 % more,
a cost that remote viewers never cause.
"""

import asyncio
import os
import select
from collections.abc import Callable

LOOK_EVERY = 0.001
"""Seconds between two polls."""
AT_ONCE = 64
"""Number of connections that are read before the rest of the event loop runs again."""


class Poller:
    """Reads all connections into one shared buffer. The `received` of a connection must process the
    buffer before it returns.
    """

    def __init__(self, buffer: memoryview) -> None:
        self._buffer = buffer
        self._whole = len(buffer)
        self._received: dict[int, Callable[[int], None]] = {}
        self._epoll = select.epoll()
        self._loop = asyncio.get_running_loop()
        self._next_look: asyncio.Handle = self._loop.call_soon(self._look)

    def add(self, fd: int, received: Callable[[int], None], *, datagrams: bool = False) -> None:
        """Adds a connection. Calls `received` with the size of each read, and with 0 once the
        connection has ended.
        """
        self._received[fd] = received
        # Streams are edge-triggered. That loses no data if they are read until a read does not
        # fill the buffer, and to the end after a hang-up (epoll(7)). Datagrams are
        # level-triggered, because a read returns only one datagram.
        self._epoll.register(
            fd, select.EPOLLIN if datagrams else select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
        )

    def remove(self, fd: int) -> None:
        """Removes a connection. Call this before closing its descriptor, whose number may be reused
        at once.
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
        """Reads up to AT_ONCE connections. Returns whether any data had arrived."""
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
