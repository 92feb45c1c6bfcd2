"""`/ws/{room}`: which viewers are let in, and how the server closes them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp import WSMsgType

from server.http.watch import QUERY_LENGTH
from tests.fixtures.deadline import eventually
from tests.fixtures.server import NewRoom, Server, running


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path, max_sockets_per_address=2) as server:
        yield server


def url(server: Server, room: NewRoom, query: str = "") -> str:
    return f"{server.url.replace('http', 'ws', 1)}/ws/{room.name}{query}"


async def test_an_address_has_a_number_of_sockets(server: Server) -> None:
    """One more is refused until one of them closes."""
    room = await server.create()
    async with server.http.ws_connect(url(server, room)):
        async with server.http.ws_connect(url(server, room)):
            async with server.http.get(f"{server.url}/ws/{room.name}") as response:
                answer = await response.json()
                assert (response.status, answer["code"]) == (429, "too_many_connections")
                assert response.headers["Retry-After"] == "5"
        await eventually(lambda: server.channel(room).viewers == 1)
        async with server.http.ws_connect(url(server, room)) as socket:
            assert (await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY)


async def test_requests_that_are_refused(server: Server) -> None:
    """Each is refused before the upgrade, so that the client can read the reason."""
    room = await server.create()
    long = "?player=" + "x" * QUERY_LENGTH
    async with server.http.get(f"{server.url}/ws/{room.name}{long}") as response:
        assert (response.status, (await response.json())["code"]) == (400, "hello_too_long")
    assert await server.status("GET", "/ws/unknown") == 404
    await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer)
    assert await server.status("GET", f"/ws/{room.name}") == 410
