"""`/api/rooms/{room}/window` and the files below it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.fixtures.media import decode_times, read_mp4
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server, running
from tests.fixtures.window import publish

SECOND = 1_000_000
SENSELESS = ("-1", "1.5", "01", "1e6", "now", "NaN", "0x10", "9" * 17, "%EF%BC%91", "1%20", "+1")


@pytest_asyncio.fixture
async def room(server: Server) -> NewRoom:
    """A room with eight seconds of media."""
    room = await server.create()
    publish(server.stream(room), 8)
    return room


async def window(server: Server, room: NewRoom) -> Any:
    async with server.http.get(f"{server.url}/api/rooms/{room.name}/window") as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def refusal(server: Server, path: str) -> tuple[int, str]:
    async with server.http.get(server.url + path) as response:
        return response.status, (await response.json())["code"]


async def test_every_listed_segment_can_be_loaded(server: Server, room: NewRoom) -> None:
    seen = await window(server, room)
    assert (seen["start"], seen["end"]) == (0, 6 * SECOND)
    assert seen["end"] < seen["edge"]
    for segment in seen["segments"]:
        url = f"{server.url}/api/rooms/{room.name}/window/{segment['start']}"
        async with server.http.get(url) as response:
            assert response.status == 200 and response.content_type == "video/mp4"
            times = decode_times(await response.read())
        assert times["video"][0] * 100 // 9 == segment["start"]
        assert len(times["video"]) == 60 and len(times["audio"]) == 100


async def test_a_moment_within_a_segment_leads_to_the_segment(
    server: Server, room: NewRoom
) -> None:
    url = f"{server.url}/api/rooms/{room.name}/window"
    async with server.http.get(f"{url}/3456789") as one, server.http.get(f"{url}/2000000") as two:
        data = await one.read()
        assert data == await two.read() and read_mp4(data)


async def test_moments_that_the_window_does_not_have(server: Server, room: NewRoom) -> None:
    for moment in ("6000000", "8000001", "9" * 16):
        path = f"/api/rooms/{room.name}/window/{moment}"
        assert await refusal(server, path) == (404, "not_in_window"), moment


async def test_senseless_moments(server: Server, room: NewRoom) -> None:
    for moment in SENSELESS:
        path = f"/api/rooms/{room.name}/window/{moment}"
        assert await refusal(server, path) == (400, "bad_media_time"), moment


async def test_a_moment_older_than_the_window(tmp_path: Path) -> None:
    async with running(tmp_path, window_seconds=5) as server:
        room = await server.create()
        publish(server.stream(room), 8)
        seen = await window(server, room)
        assert seen["start"] >= 3 * SECOND - SECOND // 30
        path = f"/api/rooms/{room.name}/window/1000000"
        assert await refusal(server, path) == (404, "not_in_window")


async def test_rooms_without_media(server: Server) -> None:
    room = await server.create()
    path = f"/api/rooms/{room.name}/window"
    assert await refusal(server, path) == (409, "room_not_live")
    assert await refusal(server, f"{path}/0") == (404, "not_in_window")
    assert await refusal(server, "/api/rooms/unknown/window") == (404, "room_not_found")
    assert await refusal(server, "/api/rooms/unknown/window/0") == (404, "room_not_found")


async def test_an_ended_room_has_no_window(server: Server, room: NewRoom) -> None:
    await window(server, room)
    path = f"/api/rooms/{room.name}"
    assert await server.status("DELETE", path, headers=room.bearer) == 204
    assert await refusal(server, f"{path}/window") == (410, "room_ended")
    assert await refusal(server, f"{path}/window/0") == (410, "room_ended")


async def test_a_private_room_shows_its_window_to_its_viewers_only(
    server: Server, browser: Browser
) -> None:
    room = await server.create(visibility="private")
    publish(server.stream(room), 4)
    for path in ("window", "window/0"):
        path = f"/api/rooms/{room.name}/{path}"
        assert await refusal(server, path) == (403, "private_room")
        assert await server.status("GET", path, headers=room.bearer) == 200


async def test_the_window_has_the_hearts(server: Server, room: NewRoom) -> None:
    """The hearts come from memory. Hearts of other times are left out."""
    taps = [(3 * SECOND, 0, 4), (3 * SECOND, 1, 1), (7 * SECOND, 0, 2)]
    server.room(room).social.reactions._reactions.add("a", taps)
    assert (await window(server, room))["hearts"] == [
        {"second": 3, "emoji": {"heart": 4, "fire": 1}},
        {"second": 7, "emoji": {"heart": 2}},
    ]


@pytest_asyncio.fixture
async def narrow(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path, max_sockets_per_address=1) as server:
        yield server


async def test_an_address_has_a_number_of_requests_at_a_time(narrow: Server) -> None:
    room = await narrow.create()
    publish(narrow.stream(room), 4)
    (endpoint,) = {
        route.handler.__self__  # type: ignore[attr-defined]
        for route in narrow.app.router.routes()
        if route.resource and route.resource.canonical == "/api/rooms/{room}/window"
    }
    path = f"/api/rooms/{room.name}/window/0"
    assert endpoint.requests.acquire("127.0.0.1")
    assert await refusal(narrow, path) == (429, "too_many_requests")
    endpoint.requests.release("127.0.0.1")
    assert await narrow.status("GET", path) == 200
