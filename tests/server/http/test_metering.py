"""Requests and WebSockets are charged to the address, and wait while it is slowed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from relay.meter import Account
from tests.fixtures.deadline import eventually
from tests.fixtures.server import Server, running


@pytest_asyncio.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setattr("relay.stopwatch.PAUSE", 0.01)
    async with running(tmp_path) as server:
        yield server


def account(server: Server) -> Account:
    return server.load.meter.client("127.0.0.1", 0.0)


async def test_sessions_and_requests_share_one_meter(server: Server) -> None:
    assert server.udp.meter is server.load.meter


async def test_requests_are_charged_to_their_address(server: Server) -> None:
    await server.create()
    first = account(server).spent_ns
    assert first > 10_000
    await server.create()
    assert account(server).spent_ns > first
    assert account(server).clients == 0


async def test_notices_of_a_websocket_are_charged_too(server: Server) -> None:
    room = await server.create()
    async with server.http.ws_connect(f"{server.url}/ws/{room.name}") as viewer:
        await viewer.receive(timeout=5)
        assert account(server).clients == 1
        before = account(server).spent_ns
        await viewer.send_json({"type": "time", "id": 1})
        while (await viewer.receive(timeout=5)).data[:14] != '{"type": "time':
            pass
        assert account(server).spent_ns > before
    await eventually(lambda: account(server).clients == 0)


async def test_notices_of_a_slowed_address_wait(server: Server) -> None:
    room = await server.create()
    async with server.http.ws_connect(f"{server.url}/ws/{room.name}") as viewer:
        await viewer.receive(timeout=5)
        account(server).slowed = True
        shed = account(server).shed
        await viewer.send_json({"type": "time", "id": 1})
        await eventually(lambda: account(server).shed > shed)
        account(server).slowed = False
        while (await viewer.receive(timeout=5)).data[:14] != '{"type": "time':
            pass


async def test_requests_of_a_slowed_address_wait(server: Server) -> None:
    room = await server.create()
    account(server).slowed = True
    request = asyncio.ensure_future(server.status("GET", f"/api/rooms/{room.name}"))
    await eventually(lambda: account(server).shed > 0)
    assert not request.done()
    account(server).slowed = False
    assert await request == 200
