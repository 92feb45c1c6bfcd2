"""The UDP port that all peers share (design: one port for everybody)."""

import asyncio
import errno
import ipaddress
import logging
import socket
from dataclasses import dataclass
from functools import partial
from struct import pack
from typing import Any, Protocol

from relay.rtc.ice import Address, local_ufrag_of

logger = logging.getLogger(__name__)

MAX_DATAGRAM = 2_048
"""Bytes; Chromium's packets are at most 1,200 and no path on the internet carries more than
1,500.
"""
MAX_ADDRESSES = 16
"""Addresses remembered for one peer; a phone's checks come from a handful."""
FREE_TRIES = 20
"""Port numbers tried where any will do."""
RECEIVE_BUFFER = 4 * 1024 * 1024
SEND_BUFFER = 4 * 1024 * 1024
"""A frame for a thousand viewers of 1 Mbps is as much."""
SO_SNDBUFFORCE, SO_RCVBUFFORCE, SOL_UDP, UDP_SEGMENT = 32, 33, 17, 103
"""Linux; not among the socket module's names."""


@dataclass(slots=True)
class Rejected:
    """Datagrams that were dropped, by reason."""

    empty: int = 0
    oversized: int = 0
    stranger: int = 0
    """From an address that has not proved to belong to a peer."""
    unreadable: int = 0
    unknown_kind: int = 0
    failed: int = 0
    """An exception of ours; it costs one datagram."""


class Peer(Protocol):
    """One session behind the port. Both calls are synchronous and may raise: the port counts that
    and goes on.
    """

    def receive_check(self, data: bytes, route: "Route") -> bool:
        """A STUN datagram for this peer's user name. True where it proved to come from the peer."""

    def receive(self, data: bytes) -> None:
        """A DTLS, SRTP or SRTCP datagram from an address of this peer."""


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach a peer: from which of our addresses to which of its."""

    transport: asyncio.DatagramTransport
    address: Address
    socket: socket.socket
    """The same socket by a descriptor of its own: neither asyncio's nor uvloop's transport offers
    `sendmsg`. It drops what the kernel does not take.
    """

    def send(self, data: bytes) -> None:
        self.transport.sendto(data, self.address)

    def send_batch(self, data: memoryview, segment: int) -> None:
        """Datagrams of `segment` bytes, the last one what is left, by one call. Raises
        BlockingIOError where the socket is full, OSError where it cannot.
        """
        if len(data) <= segment:
            self.socket.sendto(data, self.address)
            return
        try:
            self.socket.sendmsg((data,), _segments(segment), 0, self.address)
        except BlockingIOError:
            raise
        except OSError:
            # The kernel cuts only for devices that can make checksums (EIO), and only Linux cuts at
            # all.
            for at in range(0, len(data), segment):
                self.socket.sendto(data[at : at + segment], self.address)


_ancillary: dict[int, list[tuple[int, int, bytes]]] = {}


def _segments(size: int) -> list[tuple[int, int, bytes]]:
    """What tells the kernel to cut a buffer into datagrams of `size` bytes (udp(7)); there are not
    many sizes.
    """
    found = _ancillary.get(size)
    if found is None:
        found = _ancillary[size] = [(SOL_UDP, UDP_SEGMENT, pack("=H", size))]
    return found


class _BoundSocket(asyncio.DatagramProtocol):
    """One bound address of the port."""

    def __init__(self, port: "UdpPort", sock: socket.socket) -> None:
        self._port = port
        self.socket = sock
        self.peers: dict[Address, Peer] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]

    def connection_lost(self, error: Exception | None) -> None:
        self.socket.close()

    def datagram_received(self, data: bytes, address: Any) -> None:
        port = self._port
        try:
            peer = self.peers.get(address)
            if not data:
                port.rejected.empty += 1
            elif len(data) > MAX_DATAGRAM:
                port.rejected.oversized += 1
            elif data[0] > 19:  # RFC 7983: 20–63 DTLS, 128–191 RTP and RTCP
                if peer is None:
                    port.rejected.stranger += 1
                else:
                    peer.receive(data)
            elif data[0] < 4:
                self._receive_check(data, address)
            else:
                port.rejected.unknown_kind += 1
        except ValueError as error:
            port.rejected.unreadable += 1
            logger.debug("datagram from %s dropped: %s", address, error)
        except Exception:
            port.rejected.failed += 1
            logger.debug("datagram from %s dropped", address, exc_info=True)

    def error_received(self, error: Exception) -> None:
        logger.debug("UDP: %s", error)  # an ICMP answer to something sent to a peer that is gone

    def _receive_check(self, data: bytes, address: Address) -> None:
        name = local_ufrag_of(data)
        # An answer names nobody: it is for whom its address belongs to.
        peer = self._port.peers.get(name) if name else self.peers.get(address)
        if peer is None:
            self._port.rejected.stranger += 1
        elif not peer.receive_check(data, Route(self._transport, address, self.socket)):
            self._port.rejected.unreadable += 1
        elif self.peers.get(address) is not peer:
            known = [held for held, owner in self.peers.items() if owner is peer]
            if len(known) >= MAX_ADDRESSES:
                del self.peers[known[0]]
            self.peers[address] = peer


class UdpPort:
    """Sockets on one port number, one for each address, and the peers behind them."""

    def __init__(self) -> None:
        self.peers: dict[str, Peer] = {}
        """By local ICE user name fragment."""
        self.rejected = Rejected()
        self.port = 0
        self.hosts: list[str] = []
        self._sockets: list[tuple[asyncio.DatagramTransport, _BoundSocket]] = []

    async def open(self, hosts: list[str], port: int) -> None:
        """Binds every host at `port`; 0 takes a free one, the same for all. Raises OSError where it
        cannot, with nothing left open.
        """
        self.hosts = hosts
        for left in reversed(range(FREE_TRIES)):
            try:
                await self._bind(port)
                return
            except OSError as error:
                await self.close()
                # A number that is free at one address may be taken at another.
                if port or not left or error.errno != errno.EADDRINUSE:
                    raise

    async def _bind(self, port: int) -> None:
        self.port = port
        loop = asyncio.get_running_loop()
        for host in self.hosts:
            try:
                sock = _bound_socket(host, self.port)
            except OSError as error:
                raise OSError(
                    error.errno, f"UDP port {self.port} of {host}: {error.strerror or error}"
                ) from error
            self.port = sock.getsockname()[1]
            transport, endpoint = await loop.create_datagram_endpoint(
                partial(_BoundSocket, self, sock.dup()), sock=sock
            )
            self._sockets.append((transport, endpoint))

    def add(self, ufrag: str, peer: Peer) -> None:
        self.peers[ufrag] = peer

    def reach(self, address: Address, peer: Peer) -> Route | None:
        """A way to an address that has not come to us, whose answers are for `peer` until that is
        removed; None where no bound address can send there.
        """
        loopback = ipaddress.ip_address(address[0]).is_loopback
        for transport, endpoint in self._sockets:
            host = ipaddress.ip_address(transport.get_extra_info("sockname")[0])
            if host.version == ipaddress.ip_address(address[0]).version and (
                host.is_loopback is loopback or host.is_unspecified
            ):
                endpoint.peers[address] = peer
                return Route(transport, address, endpoint.socket)
        return None

    def remove(self, ufrag: str) -> None:
        """Forgets a peer and all its addresses."""
        peer = self.peers.pop(ufrag, None)
        for _, endpoint in self._sockets:
            for address in [held for held, owner in endpoint.peers.items() if owner is peer]:
                del endpoint.peers[address]

    async def close(self) -> None:
        for transport, _ in self._sockets:
            transport.close()
        self._sockets.clear()
        # The transports close their sockets in the loop's next pass.
        await asyncio.sleep(0)


def _set_receive_buffer(sock: socket.socket) -> None:
    try:
        sock.setsockopt(
            socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER
        )  # past the system's bound, where we may
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    granted = (
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
    )  # Linux tells twice what it grants
    if granted < RECEIVE_BUFFER:
        logger.info(
            (
                "UDP receive buffer: %d KB; for many creators allow more: sysctl -w "
                "net.core.rmem_max=%d"
            ),
            granted // 1024,
            RECEIVE_BUFFER,
        )


def _set_send_buffer(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


def _bound_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        # Keyframes of many creators arrive as bursts: the default buffer holds some 150 packets.
        _set_receive_buffer(sock)
        _set_send_buffer(sock)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
