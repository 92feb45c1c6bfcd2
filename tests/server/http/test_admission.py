"""A full server refuses new creators and viewers before it reads what they send."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.host.headroom import Headroom, Level
from server.http import admission
from server.http.payloads import RefusalBody
from server.rooms.life import RoomEvent
from tests.fixtures.offers import offer
from tests.fixtures.server import SDP, NewRoom, Server, running

FULL = Headroom(Level.FULL, load=0.85)
CROWDED = Headroom(Level.CROWDED, load=0.99)


@pytest_asyncio.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A server whose load the test sets, and which answers at once."""
    monkeypatch.setattr(admission, "HELD", 0)
    async with running(tmp_path, max_load=0.8) as server:
        server.load.close()
        server.load.admission.measured(Headroom(), 0.0)
        yield server


async def publish(server: Server, room: NewRoom) -> int:
    headers = {"Content-Type": SDP, **room.bearer}
    return await server.status(
        "POST", f"/whip/{room.name}", data=offer("chromium"), headers=headers
    )


async def test_new_creators_are_refused(server: Server) -> None:
    room = await server.create()
    server.load.admission.measured(FULL, 0.0)
    async with server.http.post(f"{server.url}/api/rooms") as response:
        refusal = RefusalBody.model_validate(await response.json())
        assert (response.status, refusal.code) == (503, "server_full")
        assert int(response.headers["Retry-After"]) == refusal.retry_after
    assert await publish(server, room) == 503
    assert not server.room(room).sessions
    server.load.admission.measured(Headroom(), 0.0)
    assert await publish(server, room) == 201


async def test_the_body_is_not_read(server: Server) -> None:
    """The refusal comes before the body."""
    room = await server.create()
    server.load.admission.measured(FULL, 0.0)
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /whip/{room.name} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {SDP}\r\n"
        f"Authorization: Bearer {room.key}\r\nContent-Length: 5000\r\n\r\n"
    )
    writer.write(head.encode())
    async with asyncio.timeout(5):
        assert b" 503 " in await reader.readline()
    writer.write(bytes(5_000))
    writer.close()


async def test_a_creator_on_air_may_return(server: Server) -> None:
    room = await server.create()
    server.room(room).happen(RoomEvent.MEDIA_CAME)
    server.load.admission.measured(FULL, 0.0)
    assert await publish(server, room) == 201
    server.load.admission.measured(CROWDED, 0.0)
    assert await publish(server, room) == 503


async def test_accepted_creators_count_before_they_are_measured(server: Server) -> None:
    """Requests of the same moment cannot all pass between two measurements."""
    rooms = [await server.create() for _ in range(30)]
    statuses = await asyncio.gather(*(publish(server, room) for room in rooms))
    assert set(statuses) == {201, 503}
    assert 5 <= statuses.count(201) <= 20


async def test_new_viewers_are_refused_when_it_is_crowded(server: Server) -> None:
    room = await server.create()
    joins = [("GET", f"/ws/{room.name}"), ("POST", f"/whep/{room.name}")]
    server.load.admission.measured(CROWDED, 0.0)
    for method, path in joins:
        assert await server.status(method, path) == 503
    assert await server.status("GET", f"/ws/{room.name}?media=0") == 400  # no handshake
    assert await server.status("GET", "/ws/unknown") == 404
    assert await server.status("GET", f"/api/rooms/{room.name}") == 200
    server.load.admission.measured(Headroom(), 0.0)
    assert [await server.status(method, path) for method, path in joins] == [400, 409]


async def test_no_new_stream_is_played_over_hls(server: Server) -> None:
    """Since each takes a share of a core of its own."""
    room = await server.create()
    path = f"/hls/{room.name}/index.m3u8"
    server.load.admission.measured(FULL, 0.0)
    async with server.http.get(server.url + path) as response:
        assert (await response.json())["code"] == "server_full"
    server.load.admission.measured(Headroom(), 0.0)
    async with server.http.get(server.url + path) as response:
        assert (await response.json())["code"] == "room_not_live"


async def test_refusals_are_held_back(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that asks again at once costs little."""
    monkeypatch.setattr(admission, "HELD", 0.2)
    server.load.admission.measured(FULL, 0.0)
    began = time.monotonic()
    assert await server.status("POST", "/api/rooms") == 503
    assert time.monotonic() - began >= 0.2


async def test_readiness_and_health(server: Server) -> None:
    assert await server.status("GET", "/readyz") == 200
    async with server.http.get(f"{server.url}/api/health") as response:
        health = await response.json()
    assert health["level"] == "free" and health["creators"] > 0
    server.load.admission.measured(FULL, 0.0)
    async with server.http.get(f"{server.url}/readyz") as response:
        assert response.status == 503 and (await response.json())["code"] == "server_full"
    async with server.http.get(f"{server.url}/api/health") as response:
        health = await response.json()
    assert (health["level"], health["creators"], health["load"]) == ("full", 0, 0.85)
    assert await server.status("GET", "/healthz") == 200


async def test_a_server_that_never_refuses(tmp_path: Path) -> None:
    async with running(tmp_path, max_load=1) as server:
        server.load.close()
        server.load.admission.measured(Headroom(load=1.0), 9.0)
        room = await server.create()
        assert await publish(server, room) == 201
        assert await server.status("GET", "/readyz") == 200
