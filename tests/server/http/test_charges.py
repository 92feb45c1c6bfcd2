"""Every route is charged or free. The limits of charged routes apply before any work is done."""

import asyncio
from pathlib import Path
from unittest.mock import Mock

import pytest

from relay.hls.endpoint import Renditions
from server.http import charges
from server.http.charges import CHARGES, Free, charge_of
from server.http.limits import BURST_SECONDS
from server.http.payloads import RefusalBody
from tests.fixtures.server import running


async def test_every_route_has_an_entry(tmp_path: Path) -> None:
    """Every entry has a route, too."""
    async with running(tmp_path) as server:
        routes = [route for route in server.app.router.routes() if route.resource]
        found = {id(charge_of(route.method, route.resource)) for route in routes if route.resource}
        served = {
            (route.method, route.resource.canonical.removesuffix("{slash}"))
            for route in routes
            if route.resource and route.method != "HEAD"
        }
    assert served == set(CHARGES)
    assert found == {id(charged) for charged in CHARGES.values()}
    assert all(charged.reason for charged in CHARGES.values() if isinstance(charged, Free))


@pytest.mark.parametrize(
    "path",
    [
        "/r/{room}",
        "/api/rooms/{room}",
        "/api/rooms/{room}/events",
        "/ws/{room}",
        "/hls/{room}/index.m3u8",
        "/whep/{room}",
        "/whip/{room}/session",
    ],
)
async def test_unknown_names_are_limited(tmp_path: Path, path: str) -> None:
    """A few are looked up; then the address has to wait. Rooms in memory stay free."""
    async with running(tmp_path, max_lookups_per_address_minute=2) as server:
        room = await server.create()
        unknown = path.format(room="unknown")
        assert [await server.status("GET", unknown) for _ in range(3)] == [404, 404, 429]
        async with server.http.get(server.url + unknown) as response:
            assert response.status == 429 and int(response.headers["Retry-After"]) >= 1
        for _ in range(4):
            assert await server.status("GET", f"/api/rooms/{room.name}") == 200


async def test_hls_viewers_play_an_ended_room_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many of them may share an address: they are not charged while the rendition remains."""
    async with running(tmp_path, max_lookups_per_address_minute=1) as server:
        monkeypatch.setattr(
            Renditions, "find", lambda self, name: Mock(over=True) if name == "ending" else None
        )
        path = "/hls/{}/live.m3u8"
        assert [await server.status("GET", path.format("ending")) for _ in range(3)] == [404] * 3
        assert [await server.status("GET", path.format("other")) for _ in range(2)] == [404, 429]


async def test_a_new_room_is_charged_before_its_body_is_read(tmp_path: Path) -> None:
    """A client past its limit is answered while its body is still to come."""
    async with running(tmp_path, max_rooms_per_address_hour=1) as server:
        assert await server.status("POST", "/api/rooms", data=b"not JSON") == 400
        port = int(server.url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /api/rooms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        async with asyncio.timeout(5):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            refusal = RefusalBody.model_validate_json(await reader.readexactly(length))
            writer.write(
                b"123456789GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            )
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()
        assert head.startswith(b"HTTP/1.1 429 ") and refusal.code == "too_many_rooms"


async def test_all_requests_of_an_address_count_together(tmp_path: Path) -> None:
    """Above the rate they wait, including requests that no route answers."""
    async with running(tmp_path, max_requests_per_address_second=1) as server:
        loop = asyncio.get_running_loop()
        count = round(6 * BURST_SECONDS) + 1  # one connection
        for _ in range(count):
            await server.status("GET", "/healthz")
        began = loop.time()
        for path in ("/healthz", "/nothing", "/api/config"):
            assert await server.status("GET", path) in (200, 404)
        assert loop.time() - began > 0.3


async def test_far_too_many_requests_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charges, "SLOWED", 0.0)
    monkeypatch.setattr(charges, "PER_CONNECTION", 0)
    async with running(tmp_path, max_requests_per_address_second=1) as server:
        answers = [await server.status("GET", "/healthz") for _ in range(round(BURST_SECONDS) + 3)]
        assert answers[: round(BURST_SECONDS)] == [200] * round(BURST_SECONDS)
        assert answers[-1] == 429
