"""Reads the datagrams that wait in a socket. On Linux, one system call reads many datagrams
(recvmmsg(2)). On other systems, each datagram needs a system call of its own.
"""

import ctypes
import errno
import mmap
import os
import socket
import sys
from functools import lru_cache
from typing import Final, Protocol

from relay.rtc.ice import SocketAddress

BATCH: Final = 32
"""Maximum number of datagrams that are read at a time. The event loop does other work before more
datagrams are read.
"""
KNOWN_ADDRESSES: Final = 4_096
"""Maximum number of source addresses for which the result of `_address` is cached."""

_IPV4_NAME: Final = 16
_IPV6_NAME: Final = 28
"""Sizes of the structures `sockaddr_in` and `sockaddr_in6`, bytes (netinet/in.h)."""

Datagram = tuple[bytes, SocketAddress]
"""The content and the source of a datagram."""


class DatagramReader(Protocol):
    """Reads the datagrams of one non-blocking socket."""

    def read(self) -> list[Datagram]:
        """Returns at most BATCH of the datagrams that wait. Raises OSError."""


def datagram_reader(sock: socket.socket, size: int) -> DatagramReader:
    """Returns the fastest reader that the system supports. `size`: size to which longer datagrams
    are truncated, bytes.
    """
    if sys.platform == "linux":
        try:
            return BatchReader(sock, size)
        except (AttributeError, OSError):  # a C library or a sandbox without recvmmsg
            pass
    return SingleReader(sock, size)


class SingleReader:
    """Reads each datagram with a system call of its own."""

    def __init__(self, sock: socket.socket, size: int) -> None:
        self._socket = sock
        self._size = size

    def read(self) -> list[Datagram]:
        found: list[Datagram] = []
        while len(found) < BATCH:
            try:
                found.append(self._socket.recvfrom(self._size))
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                if found:
                    break
                raise
        return found


class _Part(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """`struct msghdr`."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("parts", ctypes.c_void_p),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Header(ctypes.Structure):
    """`struct mmsghdr`."""

    _fields_ = (("message", _Message), ("received", ctypes.c_uint32))


class BatchReader:
    """Reads up to BATCH datagrams with one system call. The constructor raises AttributeError or
    OSError if the system does not support this call.
    """

    def __init__(self, sock: socket.socket, size: int) -> None:
        # PyDLL keeps the global interpreter lock during the call, which takes only microseconds. If
        # the call released the lock, another thread could take and hold the lock for milliseconds.
        self._receive = ctypes.PyDLL(None, use_errno=True).recvmmsg
        self._descriptor = sock.fileno()
        self._size = size
        self._name_size = _IPV6_NAME if sock.family == socket.AF_INET6 else _IPV4_NAME
        self._names = BATCH * size
        """Offset in `_memory` at which the source addresses begin, after the datagrams."""
        self._memory = mmap.mmap(-1, BATCH * (size + self._name_size))
        self._headers = (_Header * BATCH)()
        self._parts = (_Part * BATCH)()
        base = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        for index in range(BATCH):
            part, message = self._parts[index], self._headers[index].message
            part.base, part.size = base + index * size, size
            message.name = base + self._names + index * self._name_size
            message.name_size = self._name_size
            message.parts, message.part_count = ctypes.addressof(part), 1
        words = memoryview(self._headers).cast("B").cast("I")
        self._sizes = words[_Header.received.offset // 4 :: ctypes.sizeof(_Header) // 4]
        self._call(0)

    def read(self) -> list[Datagram]:
        count = self._call(BATCH)
        if not count:
            return []
        memory, at, size = self._memory, 0, self._size
        name, name_size = self._names, self._name_size
        found: list[Datagram] = []
        for received in self._sizes[:count].tolist():
            found.append((memory[at : at + received], _address(memory[name : name + name_size])))
            at += size
            name += name_size
        return found

    def _call(self, most: int) -> int:
        """Reads at most `most` datagrams into `_memory`. Returns the number of datagrams read."""
        count: int = self._receive(self._descriptor, self._headers, most, socket.MSG_DONTWAIT, None)
        if count >= 0:
            return count
        number = ctypes.get_errno()
        if number in (errno.EAGAIN, errno.EINTR):
            return 0
        raise OSError(number, os.strerror(number))


@lru_cache(maxsize=KNOWN_ADDRESSES)
def _address(name: bytes) -> SocketAddress:
    """Converts a `sockaddr_in` or `sockaddr_in6` to the format of Python's sockets."""
    port = int.from_bytes(name[2:4], "big")
    if len(name) == _IPV4_NAME:
        return socket.inet_ntoa(name[4:8]), port
    flow, scope = int.from_bytes(name[4:8], "big"), int.from_bytes(name[24:28], sys.byteorder)
    return socket.inet_ntop(socket.AF_INET6, name[8:24]), port, flow, scope
