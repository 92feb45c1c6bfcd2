"""The UDP port that all peers share."""

import asyncio
import errno
import ipaddress
import logging
import select
import socket
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from relay.meter import Meter
from relay.pause import PauseRule
from relay.rtc.consent import CandidatePair
from relay.rtc.datagrams import datagram_reader
from relay.rtc.ice import Address, IceAgent, SocketAddress, local_ufrag_of
from relay.rtc.ticker import Ticker
from relay.rtc.udp_socket import RECEIVE_BUFFER, bound_socket, dropped, segments

logger = logging.getLogger(__name__)

MAX_DATAGRAM = 2_048
"""Maximum size of a datagram, bytes. Chromium's packets have at most 1,200 bytes, and internet
paths carry packets of at most 1,500 bytes.
"""
MAX_ADDRESSES = 16
"""Maximum number of addresses stored for one peer. A phone sends checks from a few addresses."""
FREE_TRIES = 20
"""Number of ports to try if the caller accepts any free port."""


@dataclass(slots=True)
class Rejected:
    """Counters of dropped datagrams, by reason."""

    empty: int = 0
    oversized: int = 0
    stranger: int = 0
    """Number of datagrams from addresses that belong to no authenticated peer."""
    unreadable: int = 0
    unknown_kind: int = 0
    claimed: int = 0
    """Number of connectivity checks from an address that belongs to another session."""
    failed: int = 0
    """Number of datagrams whose handling raised an unexpected exception. The exception affects no
    other datagram.
    """


class Peer(Protocol):
    """A session that uses the port. Its methods are called synchronously. The port counts the
    exceptions that these methods raise.
    """

    def receive_check(self, data: bytes, route: "Route") -> bool:
        """Handles a STUN datagram with this peer's user name. Returns whether the datagram is
        authentic.
        """

    def receive(self, data: bytes, route: "Route") -> None:
        """Handles a DTLS, SRTP or SRTCP datagram from an address of this peer."""


class DatagramTransport(Protocol):
    """Sends datagrams."""

    def sendto(self, data: bytes, address: SocketAddress) -> None: ...


class Route(CandidatePair):
    """A route to a peer: one of the server's sockets and one of the peer's addresses."""

    __slots__ = ("address", "agent", "peer", "socket", "transport")

    def __init__(
        self,
        transport: DatagramTransport,
        address: SocketAddress,
        sock: socket.socket,
        peer: Peer,
    ) -> None:
        super().__init__()
        self.transport = transport
        self.address = address
        self.socket = sock
        self.peer = peer
        """The session that gets the datagrams from this address."""
        self.agent: IceAgent | None = None
        """The agent of the ICE session in which the peer uses this route; None before the peer's
        first check.
        """

    def send(self, data: bytes) -> None:
        self.transport.sendto(data, self.address)

    def send_batch(self, data: memoryview, segment: int) -> None:
        """Sends datagrams of `segment` bytes each in one system call. The last datagram may be
        shorter.

        Raises BlockingIOError if the socket's buffer is full, OSError if sending fails.
        """
        if len(data) <= segment:
            self.socket.sendto(data, self.address)
            return
        try:
            self.socket.sendmsg((data,), segments(segment), 0, self.address)
        except BlockingIOError:
            raise
        except OSError:
            # UDP_SEGMENT has failed: the system is not Linux, or the network device computes no
            # checksums (EIO).
            for at in range(0, len(data), segment):
                self.socket.sendto(data[at : at + segment], self.address)


class _BoundSocket:
    """The socket of the UDP port at one local address. This class replaces the event loop's
    transport, which would take much longer to read a datagram.
    """

    def __init__(self, port: "UdpPort", sock: socket.socket) -> None:
        self._port = port
        self.socket = sock
        self.routes: dict[SocketAddress, Route] = {}

    def open(self) -> None:
        """Handles arriving datagrams from now on, until `close` is called."""
        self._reader = datagram_reader(self.socket, MAX_DATAGRAM + 1)
        asyncio.get_running_loop().add_reader(self.socket.fileno(), self._read)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.socket.fileno())
        self.socket.close()

    def sendto(self, data: bytes, address: SocketAddress) -> None:
        """Sends a datagram. Drops the datagram if the socket's buffer is full, or if the system
        refuses the datagram. The network may lose datagrams too, so callers need no exception.
        """
        try:
            self.socket.sendto(data, address)
        except OSError as error:
            logger.debug("datagram to %s lost: %s", address, error)

    def _read(self) -> None:
        try:
            datagrams = self._reader.read()
        except OSError as error:
            logger.debug("UDP: %s", error)
            return
        for data, address in datagrams:
            self.receive(data, address)

    def receive(self, data: bytes, address: SocketAddress) -> None:
        """Handles a datagram from this address."""
        port = self._port
        try:
            route = self.routes.get(address)
            if not data:
                port.rejected.empty += 1
            elif len(data) > MAX_DATAGRAM:
                port.rejected.oversized += 1
            elif data[0] > 19:  # RFC 7983: 20–63 DTLS, 128–191 RTP and RTCP
                if route is None:
                    port.rejected.stranger += 1
                else:
                    route.heard = True
                    route.peer.receive(data, route)
            elif data[0] < 4:
                self._receive_check(data, address, route)
            else:
                port.rejected.unknown_kind += 1
        except ValueError as error:
            port.rejected.unreadable += 1
            logger.debug("datagram from %s dropped: %s", address, error)
        except Exception:
            port.rejected.failed += 1
            logger.debug("datagram from %s dropped", address, exc_info=True)

    def _receive_check(self, data: bytes, address: SocketAddress, route: Route | None) -> None:
        port = self._port
        name = local_ufrag_of(data)
        # A response contains no user name. The source address of the response identifies the peer.
        peer = port.peers.get(name) if name else route.peer if route else None
        if peer is None:
            port.rejected.stranger += 1
        elif route is not None and route.peer is peer:
            if not peer.receive_check(data, route):
                port.rejected.unreadable += 1
        elif route is not None and route.claimed(monotonic()):
            port.rejected.claimed += 1
        else:
            found = Route(self, address, self.socket, peer)
            if peer.receive_check(data, found):
                port.add_route(self, found)
            else:
                port.rejected.unreadable += 1


class UdpPort:
    """One port number at one or more local addresses, and the peers that use it."""

    def __init__(self, meter: Meter | None = None) -> None:
        self.meter = Meter() if meter is None else meter
        """Measures the time that each peer uses."""
        self.peers: dict[str, Peer] = {}
        """The peers by their local ICE user name fragment."""
        self.rejected = Rejected()
        self.port = 0
        self.hosts: list[str] = []
        self.pause = PauseRule(self._unread)
        """Decides whether the timer of a session may treat expected data as missing. After a pause,
        the data may still wait unread in a socket.
        """
        self.ticker = Ticker(self.pause)
        """Calls the publishers' sessions whenever they have work to do."""
        self._sockets: list[_BoundSocket] = []
        self._routes: dict[Peer, list[tuple[_BoundSocket, Route]]] = {}
        """The routes of each peer, oldest route first."""
        self._poll = select.poll()

    async def open(self, hosts: list[str], port: int) -> None:
        """Binds `port` at every host. If `port` is 0, binds a port that is free at all hosts.

        If binding fails, closes all sockets and raises OSError.
        """
        self.hosts = hosts
        for left in reversed(range(FREE_TRIES)):
            try:
                self._bind(port)
                return
            except OSError as error:
                await self.close()
                # Try another port: a port that is free at one address may be in use at another
                # address.
                if port or not left or error.errno != errno.EADDRINUSE:
                    raise

    def _bind(self, port: int) -> None:
        self.port = port
        granted = RECEIVE_BUFFER
        for host in self.hosts:
            try:
                sock, granted = bound_socket(host, self.port)
            except OSError as error:
                raise OSError(
                    error.errno, f"UDP port {self.port} of {host}: {error.strerror or error}"
                ) from error
            self.port = sock.getsockname()[1]
            bound = _BoundSocket(self, sock)
            self._sockets.append(bound)
            self._poll.register(sock, select.POLLIN)
            bound.open()
        if granted < RECEIVE_BUFFER:
            logger.warning(
                "the UDP receive buffer holds only %d KB: packets are lost when many keyframes "
                "arrive together; run: sysctl -w net.core.rmem_max=%d",
                granted // 1024,
                RECEIVE_BUFFER,
            )

    def add(self, ufrag: str, peer: Peer) -> bool:
        """Passes checks with this ICE user name fragment to the peer from now on. A peer may have
        several fragments. Returns False, and adds nothing, if another peer has this fragment.
        """
        if ufrag in self.peers:
            return False
        self.peers[ufrag] = peer
        self._routes.setdefault(peer, [])
        return True

    def add_route(self, bound: _BoundSocket, route: Route) -> None:
        """Passes datagrams from the route's address to the route's peer from now on. If the peer
        has too many addresses, removes the address that was silent for the longest time.
        """
        routes = self._routes.get(route.peer)
        if routes is None:
            return  # the check ended the session
        if len(routes) >= MAX_ADDRESSES:
            now = monotonic()
            oldest = max(routes, key=lambda owned: owned[1].silence(now))
            routes.remove(oldest)
            _forget(*oldest)
        routes.append((bound, route))
        bound.routes[route.address] = route

    def reach(self, address: Address, peer: Peer) -> Route | None:
        """Returns a route to `address`, an address of `peer` from which no datagram has arrived
        yet. Returns None if no local socket can send to `address`.

        Datagrams from `address` go to `peer` until the peer is removed.
        """
        there = ipaddress.ip_address(address[0])
        for bound in self._sockets:
            host = ipaddress.ip_address(bound.socket.getsockname()[0])
            if host.version == there.version and (
                host.is_loopback is there.is_loopback or host.is_unspecified
            ):
                source = _source_address(there, address[1])
                route = Route(bound, source, bound.socket, peer)
                self.add_route(bound, route)
                return route
        return None

    def forget(self, ufrag: str) -> None:
        """Drops checks with this user name fragment from now on. The peer keeps its addresses."""
        self.peers.pop(ufrag, None)

    def remove(self, ufrag: str) -> None:
        """Removes a peer and all its addresses."""
        peer = self.peers.pop(ufrag, None)
        if peer is not None:
            for bound, route in self._routes.pop(peer):
                _forget(bound, route)

    @property
    def overflowed(self) -> int:
        """Number of datagrams that the kernel dropped because a receive buffer was full."""
        return sum(dropped(bound.socket) for bound in self._sockets)

    async def close(self) -> None:
        for bound in self._sockets:
            self._poll.unregister(bound.socket)
            bound.close()
        self._sockets.clear()

    def _unread(self) -> bool:
        """Whether a datagram waits in any of the sockets."""
        return any(event & select.POLLIN for _, event in self._poll.poll(0))


def _forget(bound: _BoundSocket, route: Route) -> None:
    if bound.routes.get(route.address) is route:
        del bound.routes[route.address]


def _source_address(
    host: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int
) -> SocketAddress:
    """Returns an address in the format that the socket uses for the source of a datagram."""
    if host.version == 4:
        return str(host), port
    return str(host), port, 0, 0
