"""Tests whether the server's UDP port is reachable. One connectivity check is sent directly from
this machine, another one through a TURN server. A STUN server reports the public address of the
port.
"""

import asyncio
import re
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from aioice import stun, turn

from relay.rtc.ice import Address, Check, IceAgent
from relay.rtc.udp import Route, UdpPort

RETRY_AFTER = 0.25
"""Time after which an unanswered request is sent again, seconds."""
FOREIGN = ("192.0.2.1", "10.255.255.254")
"""Addresses to which a TURN server must not relay: a public address that belongs to no machine
(RFC 5737), and a private address (RFC 1918).
"""
DISCARD = 9
"""Port of the discard protocol (RFC 863): a datagram to this port has no effect."""
TIMEOUT = 2.0
"""Maximum time to wait for an answer, seconds."""

_URL = re.compile(
    r"(stun|turn)(s?):(\[[^\]]+\]|[^:?\[\]]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?"
)


class Unreachable(Exception):
    """Raised if no valid answer arrived. The message contains the reason if it is known."""


@dataclass(frozen=True, slots=True)
class IceUrl:
    """A parsed `stun:` or `turn:` URL (RFC 7064 §3.1, RFC 7065 §3.1)."""

    host: str
    port: int
    tcp: bool
    tls: bool

    @classmethod
    def parse(cls, url: str) -> "IceUrl":
        """Parses a URL. Raises Unreachable if the URL is malformed."""
        found = _URL.fullmatch(url)
        if not found:
            raise Unreachable("not a valid stun: or turn: URL")
        tls = bool(found[2])
        return cls(
            found[3].strip("[]"),
            int(found[4] or (5_349 if tls else 3_478)),
            tls or found[5] == "tcp",
            tls,
        )


class Probe:
    """A test peer that uses the server's UDP port. Each test method raises Unreachable if no valid
    answer arrives within 2 s. Call `close()` after the last test.
    """

    def __init__(self, port: UdpPort) -> None:
        self._port = port
        self._agent = IceAgent("probe", secrets.token_hex(12))
        self._asked: dict[bytes, asyncio.Future[stun.Message]] = {}
        port.add(self._agent.ufrag, self)

    def close(self) -> None:
        self._port.remove(self._agent.ufrag)

    async def check_directly(self, host: str) -> None:
        """Sends a connectivity check from another socket of this machine to the UDP port at the
        address `host`.
        """
        opening = asyncio.ensure_future(self._open_socket(host))
        try:
            transport = await asyncio.shield(opening)
        except OSError as error:
            raise Unreachable(error.strerror or str(error)) from error
        except asyncio.CancelledError:
            # Let the creation of the socket finish, and close the socket. If the creation is
            # cancelled, uvloop leaves the socket open, and its event loop then never ends.
            with suppress(OSError):
                (await opening).close()
            raise
        try:
            if not self._is_ours(await self._ask(self._check(), transport.sendto)):
                raise Unreachable("another program answers at this address")
        finally:
            transport.close()

    async def _open_socket(self, host: str) -> asyncio.DatagramTransport:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Listener(self._answered), remote_addr=(host, self._port.port)
        )
        return transport

    async def mapped_address(self, url: str) -> Address:
        """Returns the public IP address and port number of the UDP port, as a STUN server sees
        them.
        """
        server = IceUrl.parse(url)
        route = self._port.reach(await _resolve(server), self)
        if route is None:
            raise Unreachable("no local address can send to the STUN server")
        answer = await self._ask(stun.Message(stun.Method.BINDING, stun.Class.REQUEST), route.send)
        seen: Address | None = answer.attributes.get("XOR-MAPPED-ADDRESS") or answer.attributes.get(
            "MAPPED-ADDRESS"
        )
        if seen is None:
            raise Unreachable("the answer of the STUN server has no mapped address")
        return seen

    async def check_through_turn(
        self, url: str, username: str, credential: str, hosts: list[str]
    ) -> list[str]:
        """Sends a connectivity check through a TURN server to the UDP port at each of `hosts`. The
        media of a publisher that uses the TURN server takes the same path. Returns the hosts that
        answered.

        Raises Unreachable if the TURN server allocates no relay.
        """
        async with self._allocate(url, username, credential) as (relay, _):
            asked = [
                self._ask(self._check(), _Relayed(relay, (host, self._port.port)).send)
                for host in hosts
            ]
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
        return [
            host
            for host, outcome in zip(hosts, outcomes, strict=True)
            if isinstance(outcome, stun.Message) and self._is_ours(outcome)
        ]

    async def foreign_peers(self, url: str, username: str, credential: str) -> list[str]:
        """Returns the addresses in FOREIGN to which a TURN server relays datagrams. A secure TURN
        server relays to neither address: clients use the TURN server only to reach microlive.

        Raises Unreachable if the TURN server allocates no relay.
        """
        open_to = []
        async with self._allocate(url, username, credential) as (relay, listener):
            for host in FOREIGN:
                relay.sendto(b"\0", (host, DISCARD))
                if not await listener.refused():
                    open_to.append(host)
        return open_to

    @asynccontextmanager
    async def _allocate(
        self, url: str, username: str, credential: str
    ) -> AsyncIterator[tuple[turn.TurnTransport, "_Listener"]]:
        """Yields a relay on a TURN server, and releases the relay when the context ends. Raises
        Unreachable.
        """
        server = IceUrl.parse(url)
        address = (server.host, server.port) if server.tls else await _resolve(server)
        context = ssl.create_default_context() if server.tls else None
        options: dict[str, Any] = {"ssl": context, "transport": "tcp" if server.tcp else "udp"}
        try:
            async with asyncio.timeout(TIMEOUT):
                relay, listener = await turn.create_turn_endpoint(
                    lambda: _Listener(self._answered), address, username, credential, **options
                )
        except (OSError, TimeoutError, stun.TransactionError) as error:
            raise Unreachable(_reason(error)) from error
        try:
            yield relay, listener
        finally:
            relay.close()
            await listener.ended()

    # Calls from the UDP port (implements Peer)

    def receive_check(self, data: bytes, route: Route) -> bool:
        if data[0] == 1:  # a STUN server's answer to `mapped_address`
            self._answered(data)
            return True
        check = self._agent.receive(data, route.address)
        if not isinstance(check, Check):
            return False
        route.send(check.answer)
        return True

    def receive(self, data: bytes, route: Route) -> None:
        """Ignores the datagram: a test peer exchanges only checks."""

    def _check(self) -> stun.Message:
        attributes = {"USERNAME": f"{self._agent.ufrag}:probe", "PRIORITY": 1, "ICE-CONTROLLING": 1}
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        message.add_message_integrity(self._agent.password.encode())
        return message

    def _is_ours(self, answer: stun.Message) -> bool:
        return bool(answer.check_message_integrity(self._agent.password.encode()))

    async def _ask(self, request: stun.Message, send: Callable[[bytes], None]) -> stun.Message:
        """Sends a request, and repeats it until the answer arrives. Returns the answer."""
        answer: asyncio.Future[stun.Message] = asyncio.get_running_loop().create_future()
        self._asked[request.transaction_id] = answer
        try:
            async with asyncio.timeout(TIMEOUT):
                while True:
                    send(bytes(request))
                    done, _ = await asyncio.wait([answer], timeout=RETRY_AFTER)
                    if done:
                        return answer.result()
        except TimeoutError as error:
            raise Unreachable("no answer") from error
        finally:
            del self._asked[request.transaction_id]

    def _answered(self, data: bytes) -> None:
        try:
            message = stun.parse_message(data)
        except Exception:  # aioice's parser raises several kinds of exceptions
            return
        waiting = self._asked.get(message.transaction_id)
        if waiting and not waiting.done() and message.message_class is stun.Class.RESPONSE:
            waiting.set_result(message)


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, answered: Callable[[bytes], None]) -> None:
        self._answered = answered
        self._lost = asyncio.Event()
        self._refused = asyncio.Event()

    def datagram_received(self, data: bytes, _: Any) -> None:
        self._answered(data)

    def connection_lost(self, _: Exception | None) -> None:
        self._lost.set()

    async def ended(self) -> None:
        """Waits until the relay has been released. aioice releases the relay in a separate task."""
        try:
            await asyncio.wait_for(self._lost.wait(), TIMEOUT)
        except TimeoutError:
            pass

    def error_received(self, _: Exception) -> None:
        """Records an ICMP error or a refusal by the TURN relay. Does not abort a pending request,
        which times out.
        """
        self._refused.set()

    async def refused(self) -> bool:
        """Returns whether the TURN relay refuses the last sent datagram."""
        try:
            await asyncio.wait_for(self._refused.wait(), TIMEOUT)
        except TimeoutError:
            return False
        self._refused.clear()
        return True


@dataclass(frozen=True, slots=True)
class _Relayed:
    relay: turn.TurnTransport
    address: Address

    def send(self, data: bytes) -> None:
        self.relay.sendto(data, self.address)


async def _resolve(server: IceUrl) -> Address:
    try:
        found = await asyncio.wait_for(
            asyncio.get_running_loop().getaddrinfo(
                server.host, server.port, type=socket.SOCK_DGRAM
            ),
            TIMEOUT,
        )
    except (OSError, TimeoutError) as error:
        raise Unreachable("the host name cannot be resolved") from error
    return str(found[0][4][0]), server.port


def _reason(error: Exception) -> str:
    if isinstance(error, stun.TransactionFailed):
        code, reason = error.response.attributes.get("ERROR-CODE", (0, ""))
        return (
            "refuses the credentials: is turn_secret its static-auth-secret?"
            if code in (401, 431, 441)
            else f"refuses with {code} {reason}".strip()
        )
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    return (error.strerror or str(error) if isinstance(error, OSError) else "") or "no answer"
