"""Admission of TCP connections: the limits of an address and of all, the end of silent
connections and of clients that read nothing.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import cast
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from relay.hls.sliced_body import SLICE
from server.errors import TooManyRequests
from server.host import lan
from server.http import acceptor, delivery
from server.http import connections as module
from server.http.connections import Connection, Connections, Phase
from server.http.limits import ConnectionLimiter
from server.http.pages import Pages
from server.http.payloads import RefusalBody
from tests.fixtures.deadline import eventually
from tests.fixtures.server import Server, running

PROXY = "10.0.0.1"
SIZE = 8 << 20


def requested(client: str) -> web.Request:
    """A request of this client through the proxy."""
    transport = Mock()
    transport.get_extra_info = lambda name, default=None: (
        (PROXY, 5_000) if name == "peername" else default
    )
    return make_mocked_request("GET", "/", headers={"X-Forwarded-For": client}, transport=transport)


REQUESTED = requested("198.51.100.1")
REQUEST = b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Transport:
    """A connection from an address."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.closed = False
        self.written = b""
        self.waiting = 0

    def get_extra_info(self, name: str) -> tuple[str, int] | None:
        return (self._address, 5_000) if name == "peername" else None

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def write(self, data: bytes) -> None:
        self.written += data


class Handler:
    """aiohttp's handler of a connection."""

    def __init__(self) -> None:
        self.transport: Transport | None = None
        self.closed = 0

    def connection_made(self, transport: Transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        pass

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None

    def force_close(self) -> None:
        self.closed += 1
        if self.transport:
            self.transport.close()


@pytest_asyncio.fixture
async def connections() -> AsyncIterator[Connections]:
    connections = Connections(2, [ipaddress.ip_network("10.0.0.0/8")])
    yield connections
    connections.close()


def connect(connections: Connections, address: str) -> tuple[Transport, Handler, Connection]:
    transport, handler = Transport(address), Handler()
    connection = Connection(connections, lambda: cast(web.RequestHandler, handler))
    connection.connection_made(cast(asyncio.Transport, transport))
    return transport, handler, connection


async def test_the_limit_of_an_address(connections: Connections) -> None:
    """A connection above the limit is answered and closed. A lost connection makes room for
    another. A connection that is closing still counts, because its bytes may wait for ever.
    """
    _, _, leaving = connect(connections, "192.0.2.1")
    second, handler, _ = connect(connections, "192.0.2.1")
    assert handler.transport is second
    third, refused, _ = connect(connections, "192.0.2.1")
    assert (third.written, third.closed, refused.transport) == (module.REFUSAL, True, None)
    assert not connect(connections, "192.0.2.2")[0].closed, "another address has its own limit"
    assert connections.count("192.0.2.1") == (2, 3)
    cast(Transport, leaving.transport).close()
    assert connect(connections, "192.0.2.1")[0].closed
    leaving.connection_lost(None)
    leaving.connection_lost(None)
    assert not connect(connections, "192.0.2.1")[0].closed
    assert (connections.held, connections.refused) == (3, 2)


async def test_an_ipv6_network_is_one_address(connections: Connections) -> None:
    closed = [connect(connections, f"2001:db8::{n}")[0].closed for n in range(3)]
    assert closed == [False, False, True]


async def test_a_large_ipv6_network_has_a_limit_too(connections: Connections) -> None:
    closed = [connect(connections, f"2001:db8:0:{n}::1")[0].closed for n in range(18)]
    assert closed == [False] * 16 + [True] * 2


async def test_a_trusted_proxy_has_no_limit(connections: Connections) -> None:
    assert not any(connect(connections, PROXY)[0].closed for _ in range(10))


async def test_the_limit_of_all_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that wait for a request make room, the oldest first. A connection with a request
    stays.
    """
    monkeypatch.setattr(module, "YOUNG", 0.0)
    connections = Connections(2, [], total=2)
    busy = connect(connections, "192.0.2.1")
    busy[2].begin(cast(web.Request, None))
    idle = connect(connections, "192.0.2.2")
    assert not connect(connections, "192.0.2.3")[0].closed
    assert (busy[0].closed, idle[0].closed) == (False, True)
    idle[2].connection_lost(None)
    monkeypatch.setattr(module, "YOUNG", 60.0)
    refused, _, _ = connect(connections, "192.0.2.4")
    assert refused.written == module.REFUSAL and connections.held == 2
    assert connections.count("192.0.2.4") == (0, 2), "a refused connection does not count"
    connections.close()


async def test_a_silent_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection with a request is not closed, and may be idle for longer after it. The first
    bytes of another request end the idle time; this request has to be complete in time too.
    """
    monkeypatch.setattr(module, "SWEEP", 0.01)
    monkeypatch.setattr(module, "SILENT", 0.03)
    connections = Connections(2, [])
    _, silent, _ = connect(connections, "192.0.2.1")
    _, busy, connection = connect(connections, "192.0.2.2")
    connection.begin(cast(web.Request, None))
    await eventually(lambda: silent.closed)
    _, later, _ = connect(connections, "192.0.2.1")
    await eventually(lambda: later.closed)
    connection.finish()
    _, third, _ = connect(connections, "192.0.2.3")
    await eventually(lambda: third.closed)
    assert (silent.closed, busy.closed, connection.phase) == (1, 0, Phase.IDLE)
    connection.data_received(b"GET / HT")
    await eventually(lambda: busy.closed)
    assert connections.silent == 4
    connections.close()


async def test_an_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An idle connection of a proxy stays, and aiohttp closes it later."""
    monkeypatch.setattr(module, "SWEEP", 0.01)
    monkeypatch.setattr(module, "IDLE", 0.03)
    connections = Connections(2, [ipaddress.ip_network("10.0.0.0/8")])
    (_, one, first), (_, other, second) = (
        connect(connections, address) for address in (PROXY, "192.0.2.1")
    )
    for connection in (first, second):
        connection.begin(cast(web.Request, None))
        connection.finish()
    await eventually(lambda: other.closed)
    assert not one.closed
    connections.close()


async def test_bytes_that_wait_for_an_address(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the limit, an answer is refused before it is sent."""
    monkeypatch.setattr(connections.deliveries, "_unread", ConnectionLimiter(100, 250))
    made = [connect(connections, f"192.0.{n}.1")[2] for n in range(3)]
    with made[0].sending(REQUESTED, 80):
        with (
            pytest.raises(TooManyRequests),
            connect(connections, "192.0.0.1")[2].sending(REQUESTED, 21),
        ):
            pass
        with made[1].sending(REQUESTED, 80), made[2].sending(REQUESTED, 80):
            assert connections.deliveries.unread == 240
            with (
                pytest.raises(TooManyRequests),
                connect(connections, "192.0.9.1")[2].sending(REQUESTED, 21),
            ):
                pass
    assert connections.deliveries.unread == 0


async def test_bytes_that_wait_for_clients_of_a_proxy(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They count for the clients, not for the proxy."""
    monkeypatch.setattr(connections.deliveries, "_unread", ConnectionLimiter(100))
    other = requested("203.0.113.1")
    first, second, third = (connect(connections, PROXY)[2] for _ in range(3))
    with first.sending(REQUESTED, 80), second.sending(other, 80):
        with pytest.raises(TooManyRequests), third.sending(REQUESTED, 21):
            pass
    assert connections.deliveries.unread == 0


# A running server


class Client:
    """A client that decides when it reads."""

    def __init__(self, url: str, window: int = 4_096) -> None:
        parts = urlsplit(url)
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.sock.settimeout(0)
        self._address = parts.hostname, parts.port

    async def __aenter__(self) -> "Client":
        await asyncio.get_running_loop().sock_connect(self.sock, self._address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.sock.close()

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, data)

    async def read(self, number: int = 65_536) -> bytes:
        async with asyncio.timeout(10):
            return await asyncio.get_running_loop().sock_recv(self.sock, number)

    async def gone(self) -> bool:
        """Whether the server ends the connection, even if bytes are unread."""
        with suppress(ConnectionResetError):
            while await self.read():
                pass
        return True


@pytest_asyncio.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A server with an answer of 8 MB, which no kernel buffer holds."""
    monkeypatch.setattr(module, "SWEEP", 0.02)

    async def large(*_: object) -> web.Response:
        return web.Response(body=bytes(SIZE))

    monkeypatch.setattr(Pages, "icon", large)
    async with running(tmp_path) as server:
        yield server


async def test_a_client_that_reads_nothing_is_cut_off(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then, the server holds one slice of its answer."""
    monkeypatch.setattr(delivery, "STALLED", 0.2)
    async with Client(server.url) as client:
        await client.send(REQUEST % b"favicon.ico")
        connection = await _connection(server)
        transport = connection.transport
        assert transport is not None
        await eventually(transport.get_write_buffer_size)
        assert transport.get_write_buffer_size() <= SLICE
        await eventually(lambda: connection.phase is Phase.LOST)
        assert await client.gone()


async def test_a_client_that_reads_slowly_gets_everything(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It pauses for less than the limit, again and again."""
    monkeypatch.setattr(delivery, "STALLED", 0.3)
    async with Client(server.url, 131_072) as client:
        await client.send(REQUEST % b"favicon.ico")
        received, began = 0, asyncio.get_running_loop().time()
        while received < SIZE:
            received += len(await client.read(32_768 if received < SIZE // 8 else SIZE))
            if received < SIZE // 8:
                await asyncio.sleep(0.03)
        assert asyncio.get_running_loop().time() - began > 0.6


@pytest.mark.parametrize("first", [b"", REQUEST % b"healthz"], ids=["first", "later"])
async def test_headers_that_never_end(
    server: Server, monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    """Slowloris: a byte now and then does not help, in the first request or in a later one."""
    monkeypatch.setattr(module, "SILENT", 0.3)
    async with Client(server.url) as client:
        if first:
            await client.send(first)
            assert (await client.read()).startswith(b"HTTP/1.1 200 ")
        with suppress(ConnectionError):
            async with asyncio.timeout(10):
                while True:
                    await client.send(b"G")
                    await asyncio.sleep(0.05)


async def test_more_bytes_than_an_address_may_leave_unread(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next answer is a refusal. When the client has left, there is room again."""
    async with Client(server.url) as second:
        async with Client(server.url) as first:
            await first.send(REQUEST % b"favicon.ico")
            monkeypatch.setattr(server.connections.deliveries._unread, "limit", SIZE)
            await eventually(lambda: server.connections.deliveries.unread)
            await second.send(REQUEST % b"favicon.ico")
            answer = await second.read()
            while not answer.endswith(b"}"):
                answer += await second.read()
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 429 ")
            assert RefusalBody.model_validate_json(body).code == "too_many_requests"
        await eventually(lambda: server.connections.deliveries.unread == 0)


async def test_a_tls_handshake_counts_before_it_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A client with unfinished handshakes is refused; they end, and the next one is served."""
    monkeypatch.setattr(acceptor, "HANDSHAKE", 0.4)
    certificate, key = lan.self_signed(tmp_path, ["127.0.0.1"])
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with (
        running(tmp_path, tls_cert=certificate, tls_key=key, max_sockets_per_address=4) as server,
        Client(server.url) as first,
        Client(server.url) as second,
        Client(server.url) as third,
    ):
        assert await third.gone()
        with pytest.raises(BlockingIOError):
            first.sock.recv(1)
        assert await first.gone() and await second.gone()
        async with server.http.get(f"{server.url}/healthz", ssl=context) as response:
            assert response.status == 200
        assert not caplog.records, "asyncio had nothing to complain about"


async def test_an_unfinished_handshake_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the clients of a few networks could fill the server with handshakes."""
    monkeypatch.setattr(module, "YOUNG", 0.0)
    certificate, key = lan.self_signed(tmp_path, ["127.0.0.1"])
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with (
        running(tmp_path, tls_cert=certificate, tls_key=key, max_connections=16) as server,
        AsyncExitStack() as clients,
    ):
        for _ in range(16):
            await clients.enter_async_context(Client(server.url))
        await eventually(lambda: server.connections.held == 16)
        async with server.http.get(f"{server.url}/healthz", ssl=context) as response:
            assert response.status == 200
        await eventually(lambda: server.connections.held == 16)
        assert server.connections.refused == 0


async def _connection(server: Server) -> Connection:
    """The first connection of the server."""
    opened = server.connections._open
    await eventually(lambda: opened)
    return next(iter(opened.values()))


async def test_many_unfinished_handshakes_end_sooner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This includes the last of them, when only a few are left. Complete connections stay."""
    monkeypatch.setattr(module, "HANDSHAKES_CROWDED", 8)
    monkeypatch.setattr(module, "YOUNG", 0.1)
    monkeypatch.setattr(module, "SWEEP_CROWDED", 0.05)
    certificate, key = lan.self_signed(tmp_path, ["127.0.0.1"])
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with (
        running(tmp_path, tls_cert=certificate, tls_key=key) as server,
        AsyncExitStack() as clients,
    ):
        async with server.http.get(f"{server.url}/healthz", ssl=context) as response:
            assert response.status == 200
        unfinished = [await clients.enter_async_context(Client(server.url)) for _ in range(9)]
        for client in unfinished:
            assert await client.gone()
        assert server.connections.held == 1
        assert server.connections.silent == 9
