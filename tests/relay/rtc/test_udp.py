"""The shared UDP port: binding, and which peer gets a datagram."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import pytest
import pytest_asyncio

from relay.pause import LATE
from relay.rtc import udp, udp_socket
from relay.rtc.consent import CLAIM
from relay.rtc.udp import MAX_ADDRESSES, Route, UdpPort
from tests.conftest import open_sockets
from tests.fixtures.deadline import eventually


class RecordingPeer:
    """A peer that accepts every check and records what it gets."""

    def __init__(self) -> None:
        self.checks: list[Route] = []
        self.received: list[bytes] = []

    def receive_check(self, data: bytes, route: Route) -> bool:
        self.checks.append(route)
        return True

    def receive(self, data: bytes, route: Route) -> None:
        self.received.append(data)


def check(ufrag: str) -> bytes:
    """A binding request with only a USERNAME."""
    name = f"{ufrag}:them".encode()
    name += bytes(-len(name) % 4)
    return (
        b"\0\1"
        + (len(name) + 4).to_bytes(2, "big")
        + b"\x21\x12\xa4\x42"
        + bytes(12)
        + b"\0\6"
        + len(name).to_bytes(2, "big")
        + name
    )


@pytest_asyncio.fixture
async def port() -> AsyncIterator[UdpPort]:
    made = UdpPort()
    yield made
    await made.close()


async def test_one_number_at_every_address(port: UdpPort) -> None:
    """Port 0 chooses a number that is free at all addresses."""
    await port.open(["127.0.0.1", "127.0.0.2", "127.0.0.3"], 0)
    assert port.port and port.hosts == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    guest = RecordingPeer()
    port.add("guest", guest)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for host in port.hosts:
            sock.sendto(check("guest"), (host, port.port))
        await eventually(lambda: len(guest.checks) == 3)
    assert {route.socket.getsockname()[0] for route in guest.checks} == set(port.hosts)


async def test_a_number_that_is_in_use(port: UdpPort) -> None:
    """The error names the port and the address; sockets bound before are closed."""
    before = open_sockets()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.2", 0))
        number = sock.getsockname()[1]
        with pytest.raises(OSError, match=f"UDP port {number} of 127.0.0.2: .*in use") as caught:
            await port.open(["127.0.0.1", "127.0.0.2"], number)
        assert caught.value.errno == errno.EADDRINUSE
    await eventually(lambda: open_sockets() <= before)


async def test_an_address_of_another_machine(port: UdpPort) -> None:
    with pytest.raises(OSError, match="of 192.0.2.1: "):
        await port.open(["192.0.2.1"], 0)


async def test_peers_are_identified_by_name_then_by_address(port: UdpPort) -> None:
    """Media is accepted only from an address with a valid check. Removing a peer removes all its
    addresses.
    """
    await port.open(["127.0.0.1"], 0)
    guests = {name: RecordingPeer() for name in ("one", "two")}
    for name, guest in guests.items():
        port.add(name, guest)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second,
    ):
        for name, sock in (("one", first), ("two", second)):
            sock.connect(("127.0.0.1", port.port))
            sock.send(b"\x80early")
            sock.send(check(name))
            sock.send(b"\x80" + name.encode())
        await eventually(lambda: all(guest.received for guest in guests.values()))
        assert [guest.received for guest in guests.values()] == [[b"\x80one"], [b"\x80two"]]
        assert port.rejected.stranger == 2
        port.remove("one")
        first.send(b"\x80late")
        first.send(check("one"))
        await eventually(lambda: port.rejected.stranger == 4)
    assert len(guests["one"].received) == 1


async def test_addresses_of_one_peer_are_bounded(port: UdpPort) -> None:
    """A peer that checks from ever new addresses loses its oldest one; other peers lose none."""
    await port.open(["127.0.0.1"], 0)
    wanderer, other = RecordingPeer(), RecordingPeer()
    port.add("wanderer", wanderer)
    port.add("other", other)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(MAX_ADDRESSES + 5)]
    try:
        sockets[0].sendto(check("other"), ("127.0.0.1", port.port))
        for sock in sockets[1:]:
            sock.sendto(check("wanderer"), ("127.0.0.1", port.port))
            await asyncio.sleep(0)
        await eventually(lambda: len(wanderer.checks) == len(sockets) - 1)
        peers = [route.peer for route in port._sockets[0].routes.values()]
        assert (peers.count(wanderer), peers.count(other)) == (MAX_ADDRESSES, 1)
    finally:
        for sock in sockets:
            sock.close()


async def test_a_fragment_belongs_to_one_peer(port: UdpPort) -> None:
    """Removing the peer frees the fragment."""
    first, second = RecordingPeer(), RecordingPeer()
    assert port.add("name", first) and not port.add("name", second)
    assert port.peers == {"name": first}
    port.remove("name")
    assert port.add("name", second)


async def test_a_proven_address_is_not_taken_by_another_session(port: UdpPort) -> None:
    """A check with a forged source must not redirect the datagrams of that address. An address that
    is silent, or was never proven, may be taken.
    """
    await port.open(["127.0.0.1"], 0)
    guests = {name: RecordingPeer() for name in ("first", "second")}
    for name, guest in guests.items():
        port.add(name, guest)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port.port))
        sock.send(check("first"))
        await eventually(lambda: guests["first"].checks)
        (route,) = guests["first"].checks
        route.answered_at = monotonic()
        sock.send(check("second"))
        await eventually(lambda: port.rejected.claimed == 1)
        sock.send(b"\x80mine")
        await eventually(lambda: guests["first"].received == [b"\x80mine"])
        assert guests["second"].checks == []
        route.heard, route.heard_at = False, monotonic() - CLAIM
        sock.send(check("second"))
        await eventually(lambda: guests["second"].checks)
        sock.send(check("first"))
        await eventually(lambda: len(guests["first"].checks) == 2)
        assert port.rejected.claimed == 1, "the second session has not proven the address"


async def test_an_address_of_a_removed_peer_is_free(port: UdpPort) -> None:
    await port.open(["127.0.0.1"], 0)
    first, second = RecordingPeer(), RecordingPeer()
    port.add("first", first)
    port.add("second", second)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port.port))
        sock.send(check("first"))
        await eventually(lambda: first.checks)
        first.checks[0].answered_at = monotonic()
        port.remove("first")
        sock.send(check("second"))
        await eventually(lambda: second.checks)


async def test_after_a_pause_nothing_is_judged_before_the_socket_is_read(port: UdpPort) -> None:
    """The datagram waits in the socket, because this test does not return to the loop."""
    await port.open(["127.0.0.1"], 0)
    assert port.pause.may_judge(monotonic())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"\x80late", ("127.0.0.1", port.port))
        later = monotonic() + 2 * LATE
        assert not port.pause.may_judge(later)
        await eventually(lambda: port.rejected.stranger == 1)
        assert port.pause.may_judge(later + 0.01)


async def test_a_route_to_a_new_address(port: UdpPort) -> None:
    """It starts at a local address that can send there, loopback to loopback; there is none to
    another address family.
    """
    await port.open(["127.0.0.1"], 0)
    guest = RecordingPeer()
    port.add("guest", guest)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        route = port.reach(sock.getsockname(), guest)
        assert route is not None
        route.send(b"hello")
        assert sock.recv(100) == b"hello"
        sock.sendto(b"\x80answer", ("127.0.0.1", port.port))
        await eventually(lambda: guest.received == [b"\x80answer"])
    assert port.reach(("192.0.2.1", 9), guest) is None
    assert port.reach(("::1", 9), guest) is None


async def test_a_route_to_a_new_ipv6_address(port: UdpPort) -> None:
    """Answers find the peer, although sockets report IPv6 addresses with flow and scope."""
    await port.open(["::1"], 0)
    guest = RecordingPeer()
    port.add("guest", guest)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        route = port.reach(("0:0:0:0:0:0:0:1", sock.getsockname()[1]), guest)
        assert route is not None
        route.send(b"hello")
        assert sock.recv(100) == b"hello"
        sock.sendto(b"\x80answer", ("::1", port.port))
        await eventually(lambda: guest.received == [b"\x80answer"])
        port.remove("guest")
        sock.sendto(b"\x80answer", ("::1", port.port))
        await eventually(lambda: port.rejected.stranger == 1)


class Kernel:
    """A socket whose `sendmsg` fails with a chosen error, and counts its calls."""

    def __init__(self, sock: socket.socket, fails: int | None) -> None:
        self.sendto = sock.sendto
        self.calls = 0
        self._sock, self._fails = sock, fails

    def sendmsg(self, *arguments: Any) -> int:
        self.calls += 1
        if self._fails:
            raise OSError(self._fails, "as a test wants it")
        return self._sock.sendmsg(*arguments)


async def route_to(sock: socket.socket, port: UdpPort) -> Route:
    """A route to this socket, as from a valid check."""
    await port.open(["127.0.0.1"], 0)
    guest = RecordingPeer()
    port.add("guest", guest)
    sock.sendto(check("guest"), ("127.0.0.1", port.port))
    await eventually(lambda: guest.checks)
    (route,) = guest.checks
    return route


@pytest.mark.parametrize("fails", [None, errno.EIO, errno.EINVAL])
async def test_a_batch_is_one_call_and_many_datagrams(port: UdpPort, fails: int | None) -> None:
    """Without UDP_SEGMENT (no Linux, or a device without checksums) the datagrams are sent one by
    one.
    """
    data = bytes(range(256)) * 20
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        route = await route_to(sock, port)
        kernel = Kernel(route.socket, fails)
        route.socket = kernel  # type: ignore[assignment]
        route.send_batch(memoryview(data), 1_200)
        received = [await asyncio.to_thread(sock.recv, 2_048) for _ in range(5)]
    assert b"".join(received) == data and [len(datagram) for datagram in received] == [
        1_200
    ] * 4 + [320]
    assert kernel.calls == 1


async def test_a_full_socket_raises_and_sends_nothing(port: UdpPort) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        route = await route_to(sock, port)
        route.socket = Kernel(route.socket, errno.EAGAIN)  # type: ignore[assignment]
        with pytest.raises(BlockingIOError):
            route.send_batch(memoryview(bytes(5_000)), 1_200)
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(2_048)


async def test_a_datagram_that_the_system_refuses_is_lost(port: UdpPort) -> None:
    """The next one arrives."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        route = await route_to(sock, port)
        route.send(bytes(70_000))
        route.send(b"next")
        assert await asyncio.to_thread(sock.recv, 2_048) == b"next"


async def test_datagrams_that_the_kernel_dropped_are_counted(port: UdpPort) -> None:
    """While the event loop is blocked, more datagrams arrive than the receive buffer holds."""
    await port.open(["127.0.0.1"], 0)
    assert port.overflowed == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(40_000):
            sender.sendto(bytes(1_200), ("127.0.0.1", port.port))
            if port.overflowed:
                break
    assert port.overflowed > 0


async def test_a_small_receive_buffer_is_reported_once(
    port: UdpPort, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for all addresses names the setting of the system that enlarges it."""
    monkeypatch.setattr(udp, "RECEIVE_BUFFER", 1 << 40)
    monkeypatch.setattr(udp_socket, "_set_receive_buffer", lambda _: 212_992)
    await port.open(["127.0.0.1", "127.0.0.2"], 0)
    lines = [record.getMessage() for record in caplog.records if record.name == udp.__name__]
    assert len(lines) == 1
    assert "208 KB" in lines[0] and "net.core.rmem_max=" in lines[0]
