"""Reading the datagrams that wait in a socket."""

import ctypes
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from relay.rtc.datagrams import (
    BATCH,
    BatchReader,
    DatagramReader,
    SingleReader,
    datagram_reader,
)
from relay.rtc.udp_socket import bound_socket

SIZE = 100

readers = pytest.mark.parametrize("reader", [BatchReader, SingleReader])


@readers
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_datagrams_come_in_order_with_their_sources(
    host: str, reader: Callable[[socket.socket, int], DatagramReader]
) -> None:
    """An empty datagram is one, too. A longer one than the size is cut."""
    sock, _ = bound_socket(host, 0)
    with sock, ExitStack() as stack:
        made = reader(sock, SIZE)
        assert made.read() == []
        senders = [stack.enter_context(socket.socket(sock.family, sock.type)) for _ in range(3)]
        sent = []
        for number, sender in enumerate(senders):
            for data in (b"hello %d" % number, b"", bytes(SIZE + 5)):
                sender.sendto(data, sock.getsockname())
                sent.append((data[:SIZE], (host, *sender.getsockname()[1:])))
        assert made.read() == sent
        assert made.read() == []


@readers
def test_a_read_is_bounded(reader: Callable[[socket.socket, int], DatagramReader]) -> None:
    """The rest stays in the socket."""
    sock, _ = bound_socket("127.0.0.1", 0)
    with sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        made = reader(sock, SIZE)
        sent = [b"%d" % number for number in range(BATCH + 3)]
        for data in sent:
            sender.sendto(data, sock.getsockname())
        assert [data for data, _ in made.read()] == sent[:BATCH]
        assert [data for data, _ in made.read()] == sent[BATCH:]


@readers
def test_a_closed_socket(reader: Callable[[socket.socket, int], DatagramReader]) -> None:
    sock, _ = bound_socket("127.0.0.1", 0)
    made = reader(sock, SIZE)
    sock.close()
    with pytest.raises(OSError):
        made.read()


@pytest.mark.skipif(sys.platform != "linux", reason="recvmmsg belongs to Linux")
def test_the_reader_of_linux() -> None:
    sock, _ = bound_socket("127.0.0.1", 0)
    with sock:
        assert isinstance(datagram_reader(sock, SIZE), BatchReader)


def test_a_system_without_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its C library lacks the function, or its sandbox refuses the call."""

    def refused(*_: Any) -> int:
        ctypes.set_errno(38)  # ENOSYS
        return -1

    sock, _ = bound_socket("127.0.0.1", 0)
    with sock:
        for library in (object(), type("Library", (), {"recvmmsg": staticmethod(refused)})):
            monkeypatch.setattr(ctypes, "PyDLL", lambda *_, found=library, **__: found)
            assert isinstance(datagram_reader(sock, SIZE), SingleReader)
