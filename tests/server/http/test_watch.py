"""`/ws/{room}`: which viewers are let in, and how the server closes them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio
from aiohttp import ClientWebSocketResponse, WSMsgType

from server.http.watch import QUERY_LENGTH
from tests.fixtures.deadline import eventually
from tests.fixtures.metrics import scrape
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


async def test_a_standby_counts_as_a_fifth_of_a_socket_and_as_no_viewer(server: Server) -> None:
    """With a limit of two sockets, an address has one that plays and five on standby. One of these
    plays only when the other has gone back to standby.
    """
    room = await server.create()
    hold, play = {"type": "hold", "on": True}, {"type": "hold", "on": False}
    async with AsyncExitStack() as stack:

        async def connect(query: str) -> ClientWebSocketResponse:
            connecting = server.http.ws_connect(url(server, room, query))
            return await stack.enter_async_context(connecting)

        first = await connect("")
        standbys = [await connect("?hold=1") for _ in range(5)]
        for query in ("", "?hold=1"):
            assert await server.status("GET", f"/ws/{room.name}{query}") == 429
        channel = server.channel(room)
        assert (channel.viewers, channel.standbys) == (1, 5)
        async with server.http.get(f"{server.url}/metrics") as response:
            told = scrape(await response.text())
        assert told["microlive_standby_viewers"] == 5
        assert told['microlive_viewers{path="websocket"}'] == 1
        await standbys[0].send_json(play)
        while (await standbys[0].receive()).type is not WSMsgType.CLOSED:
            pass
        assert standbys[0].close_code == 4429
        await first.send_json(hold)
        await eventually(lambda: channel.viewers == 0)
        await standbys[1].send_json(play)
        await eventually(lambda: channel.viewers == 1)
        assert channel.standbys == 4
    await eventually(lambda: channel.members == 0)
    async with server.http.ws_connect(url(server, room)), server.http.ws_connect(url(server, room)):
        pass


async def test_requests_that_are_refused(server: Server) -> None:
    """Each is refused before the upgrade, so that the client can read the reason."""
    room = await server.create()
    long = "?player=" + "x" * QUERY_LENGTH
    async with server.http.get(f"{server.url}/ws/{room.name}{long}") as response:
        assert (response.status, (await response.json())["code"]) == (400, "hello_too_long")
    assert await server.status("GET", "/ws/unknown") == 404
    await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer)
    assert await server.status("GET", f"/ws/{room.name}") == 410
