"""Reads many plain connections past the event loop's transports, and no more of them at a time than
leaves the process's timers punctual.

An epoll object of its own: what a crowd's frame brings is read in small bites, with the loop's
other work between them, where the loop by itself would read a thousand connections before it looked
at a timer. A crowd looks for it once in a millisecond. Where server and crowd share a machine,
whoever sleeps until a message comes is woken by the kernel in the server's write, at the server's
cost: a twentieth to a fifth of it, which no viewer elsewhere ever causes.
"""

import asyncio
import os
import select
from collections.abc import Callable

LOOK_EVERY = 0.001
"""Seconds."""
AT_ONCE = 64
"""Connections read between two looks at the rest of the loop's work."""


class Poller:
    """Reads into one buffer for all: `received` must be done with it when it returns."""

    def __init__(self, buffer: memoryview) -> None:
        self._buffer = buffer
        self._whole = len(buffer)
        self._received: dict[int, Callable[[int], None]] = {}
        self._epoll = select.epoll()
        self._loop = asyncio.get_running_loop()
        self._next_look: asyncio.Handle = self._loop.call_soon(self._look)

    def add(self, fd: int, received: Callable[[int], None], *, datagrams: bool = False) -> None:
        """`received` is called with the bytes that each read brought; 0 when the connection has
        ended or is broken, and then no more.
        """
        self._received[fd] = received
        # By edges, which tell all there is to know as long as every read goes on until the buffer
        # is not filled, and to the end where one is told (epoll(7)). Of datagrams each read brings
        # one, so one is told of until none is left.
        self._epoll.register(
            fd, select.EPOLLIN if datagrams else select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
        )

    def remove(self, fd: int) -> None:
        """Must come before the descriptor is closed: its number may be another connection's a
        moment later.
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
        """Whether anything had come."""
        buffers, whole, connections, readv = (self._buffer,), self._whole, self._received, os.readv
        came = self._epoll.poll(0, AT_ONCE)
        for fd, event in came:
            size, ending = whole, event != select.EPOLLIN
            while (
                size and (size == whole or ending) and (received := connections.get(fd))
            ):  # it may be removed by what it, or one before it, received
                try:
                    size = readv(fd, buffers)
                except BlockingIOError:
                    break
                except OSError:
                    size = 0
                if not size:
                    self.remove(fd)
                received(size)
        return bool(came)
