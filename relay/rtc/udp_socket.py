"""The socket options of the UDP port: large buffers, segmentation and the number of dropped
datagrams. Other systems than Linux lack some of these options; this module then uses substitutes.
"""

import socket
import sys
from struct import pack

RECEIVE_BUFFER = 4 * 1024 * 1024
SEND_BUFFER = 4 * 1024 * 1024
"""Size of the send buffer, bytes: enough to send one frame of a 1 Mbit/s stream to a thousand
viewers.
"""
SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_MEMINFO, SOL_UDP, UDP_SEGMENT = 32, 33, 55, 17, 103
"""Linux constants that Python's socket module lacks."""

_DROPS = 8
"""Index of SK_MEMINFO_DROPS (linux/sock_diag.h)."""


def bound_socket(host: str, port: int) -> tuple[socket.socket, int]:
    """Returns a bound UDP socket, and the size of its receive buffer in bytes."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        # Keyframes of many publishers arrive in bursts; the default buffer holds about 150 packets.
        granted = _set_receive_buffer(sock)
        _set_send_buffer(sock)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock, granted


def _set_receive_buffer(sock: socket.socket) -> int:
    """Requests a receive buffer of RECEIVE_BUFFER bytes. Returns the granted size, bytes."""
    try:
        # SO_RCVBUFFORCE may exceed the system's limit, but needs a privilege (CAP_NET_ADMIN).
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    # Linux reports twice the granted size.
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2


def _set_send_buffer(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


_ancillary: dict[int, list[tuple[int, int, bytes]]] = {}


def segments(size: int) -> list[tuple[int, int, bytes]]:
    """Returns the ancillary data for UDP_SEGMENT (udp(7)). Results are cached, because only a few
    sizes occur.
    """
    found = _ancillary.get(size)
    if found is None:
        found = _ancillary[size] = [(SOL_UDP, UDP_SEGMENT, pack("=H", size))]
    return found


def dropped(sock: socket.socket) -> int:
    """Returns the number of datagrams that the kernel dropped because the socket's receive buffer
    was full (SO_MEMINFO, Linux 4.12, socket(7)); 0 if the kernel does not support this option.
    """
    try:
        data = sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 4 * (_DROPS + 1))
    except OSError:
        return 0
    return int.from_bytes(data[4 * _DROPS :], sys.byteorder)
