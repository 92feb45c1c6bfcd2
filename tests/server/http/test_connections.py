"""Admission of TCP connections: the limit of an address, and the end of silent connections."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from typing import cast

import pytest
import pytest_asyncio
from aiohttp import web

from server.http import connections as module
from server.http.connections import AdmissionProtocol, Connections
from tests.fixtures.deadline import eventually

PROXY = "10.0.0.1"


class Transport:
    """A connection from an address."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.closed = False
        self.written = b""
        self.protocol: object = None

    def get_extra_info(self, _: str) -> tuple[str, int]:
        return self._address, 5_000

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def write(self, data: bytes) -> None:
        self.written += data

    def set_protocol(self, protocol: object) -> None:
        self.protocol = protocol


class Handler:
    """aiohttp's handler of a connection."""

    def __init__(self) -> None:
        self.transport: Transport | None = None
        self.closed = 0

    def connection_made(self, transport: Transport) -> None:
        self.transport = transport

    def force_close(self) -> None:
        self.closed += 1


@pytest_asyncio.fixture
async def connections() -> AsyncIterator[Connections]:
    connections = Connections(2, [ipaddress.ip_network("10.0.0.0/8")])
    yield connections
    connections.close()


def connect(connections: Connections, address: str) -> tuple[Transport, Handler]:
    transport, handler = Transport(address), Handler()
    protocol = AdmissionProtocol(connections, cast(web.RequestHandler, handler))
    protocol.connection_made(cast(asyncio.Transport, transport))
    return transport, handler


async def test_the_limit_of_an_address(connections: Connections) -> None:
    """A connection past it is answered and closed; one that closed makes room for another."""
    first, _ = connect(connections, "192.0.2.1")
    second, handler = connect(connections, "192.0.2.1")
    assert second.protocol is handler and handler.transport is second
    third, refused = connect(connections, "192.0.2.1")
    assert (third.written, third.closed, refused.transport) == (module.REFUSAL, True, None)
    assert not connect(connections, "192.0.2.2")[0].closed, "another address has its own limit"
    first.close()
    assert not connect(connections, "192.0.2.1")[0].closed


async def test_an_ipv6_network_is_one_address(connections: Connections) -> None:
    closed = [connect(connections, f"2001:db8::{n}")[0].closed for n in range(3)]
    assert closed == [False, False, True]


async def test_a_trusted_proxy_has_no_limit(connections: Connections) -> None:
    assert not any(connect(connections, PROXY)[0].closed for _ in range(10))


async def test_a_silent_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that sent a request is not, and no sweep closes a connection twice."""
    monkeypatch.setattr(module, "SWEEP", 0.01)
    monkeypatch.setattr(module, "SILENT", 0.03)
    connections = Connections(2, [])
    _, silent = connect(connections, "192.0.2.1")
    _, busy = connect(connections, "192.0.2.2")

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response()

    request = cast(web.Request, type("Request", (), {"protocol": busy})())
    await connections.middleware(request, answer)
    await eventually(lambda: silent.closed)
    _, later = connect(connections, "192.0.2.1")
    await eventually(lambda: later.closed)
    assert (silent.closed, busy.closed) == (1, 0)
    connections.close()
