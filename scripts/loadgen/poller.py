"""Reads many plain connections with its own epoll, in slices, so that the process's timers remain
punctual.

The event loop would read a thousand connections before it ran a timer. Here the messages of one
frame are read in small batches, with the loop's other work in between. The poller runs once a
millisecond. If a process sleeps until data arrives and the server is on the same machine, the
kernel wakes it inside the server's write. That costs the server 5 to 20 %, which remote viewers
never do.
"""

import asyncio
import os
import select
from collections.abc import Callable

LOOK_EVERY = 0.001
"""Seconds between two polls."""
AT_ONCE = 64
"""Number of connections to read before the rest of the loop runs again."""


class Poller:
    """All connections share one buffer: `received` must process it before it returns."""

    def __init__(self, buffer: memoryview) -> None:
        self._buffer = buffer
        self._whole = len(buffer)
        self._received: dict[int, Callable[[int], None]] = {}
        self._epoll = select.epoll()
        self._loop = asyncio.get_running_loop()
        self._next_look: asyncio.Handle = self._loop.call_soon(self._look)

    def add(self, fd: int, received: Callable[[int], None], *, datagrams: bool = False) -> None:
        """Calls `received` with the size of each read, and with 0 once the connection has ended."""
        self._received[fd] = received
        # Edge-triggered. That loses no data if every read continues until the buffer is not filled,
        # and to the end after a hang-up (epoll(7)). Each read returns one datagram, so datagrams
        # are read until none is left.
        self._epoll.register(
            fd, select.EPOLLIN if datagrams else select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
        )

    def remove(self, fd: int) -> None:
        """Removes a descriptor. Call it before the descriptor is closed: its number may be reused
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
        """Reads some connections. Returns whether data had arrived."""
        buffers, whole, connections, readv = (self._buffer,), self._whole, self._received, os.readv
        events = self._epoll.poll(0, AT_ONCE)
        for fd, event in events:
            size, ending = whole, event != select.EPOLLIN
            while (
                size and (size == whole or ending) and (received := connections.get(fd))
            ):  # `received` of this or an earlier connection may have removed it
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
