"""Reads the kernel's state of a viewer's connection, and limits the bytes in the kernel's
buffer.
"""

import asyncio
import fcntl
import socket
import struct
import termios

TCP_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", 25)
NOTSENT_BYTES = 16_384
"""Maximum number of unsent bytes in the kernel's buffer. With a higher limit, the server would
notice only after seconds that a viewer is slow.
"""


def plain_socket(transport: asyncio.BaseTransport) -> socket.socket | None:
    """Returns the socket of a transport, for direct writes; None if the transport encrypts or has
    no socket.
    """
    sock: socket.socket | None = transport.get_extra_info("socket")
    return None if transport.get_extra_info("ssl_object") is not None else sock


def in_kernel(transport: asyncio.BaseTransport) -> int:
    """Returns the number of bytes in the kernel that the peer has not acknowledged; 0 if
    unknown.
    """
    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:  # the transport has closed it
        return 0
    try:
        return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0])
    except OSError:
        return 0


def bound_unsent(transport: asyncio.BaseTransport) -> None:
    """Limits the kernel's buffer: the kernel accepts more bytes only while fewer than
    `NOTSENT_BYTES` bytes are unsent.
    """
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_BYTES)
