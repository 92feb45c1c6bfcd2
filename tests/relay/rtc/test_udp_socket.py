"""Sockets of the UDP port: their options, and the datagrams that the kernel drops."""

import socket

import pytest

from relay.rtc import udp_socket
from relay.rtc.udp_socket import bound_socket, dropped, segments
from tests.conftest import open_sockets


@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)]
)
def test_a_bound_socket(host: str, family: socket.AddressFamily) -> None:
    """The socket does not block. An IPv6 socket leaves the port of IPv4 addresses free."""
    sock, granted = bound_socket(host, 0)
    with sock:
        assert (sock.family, sock.getblocking()) == (family, False)
        assert sock.getsockname()[0] == host
        assert granted == sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
        assert dropped(sock) == 0
        if family is socket.AF_INET6:
            assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


def test_a_socket_that_cannot_be_bound_is_closed() -> None:
    before = open_sockets()
    with pytest.raises(OSError):
        bound_socket("192.0.2.1", 0)
    assert open_sockets() <= before


def test_the_data_of_a_size_is_made_once() -> None:
    ((level, option, size),) = segments(1_200)
    assert (level, option, int.from_bytes(size, "little")) == (17, 103, 1_200)
    assert segments(1_200) is segments(1_200) is not segments(1_100)


def test_datagrams_that_the_kernel_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test has the smallest receive buffer, which is soon full."""
    monkeypatch.setattr(udp_socket, "RECEIVE_BUFFER", 1)
    sock, _ = bound_socket("127.0.0.1", 0)
    with sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(100):
            sender.sendto(bytes(1_200), sock.getsockname())
        received = 0
        while True:
            try:
                sock.recv(2_048)
            except BlockingIOError:
                break
            received += 1
        assert 0 < dropped(sock) == 100 - received


def test_a_kernel_that_counts_nothing() -> None:
    """Without the option the number of dropped datagrams is 0."""

    class Old(socket.socket):
        def getsockopt(self, *arguments: object) -> bytes:  # type: ignore[override]
            raise OSError("unknown option")

    with Old(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert dropped(sock) == 0
