"""`/hls/{room}/…`: viewers of one address, and rooms that have ended."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from relay.hls.segmenter import SCALE
from tests.fixtures.deadline import eventually
from tests.fixtures.hls import MediaPlaylist
from tests.fixtures.media import video_sample, video_track
from tests.fixtures.server import NewRoom, Server, running

FRAME = 3_000


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path, max_sockets_per_address=1) as server:
        yield server


@pytest_asyncio.fixture
async def room(server: Server) -> NewRoom:
    """A room with five seconds of video."""
    room = await server.create()
    stream = server.stream(room)
    stream.set_track(video_track(), 0)
    now = time.time_ns() // 1_000
    for pts in range(0, 5 * SCALE, FRAME):
        stream.publish(video_sample(pts, key=pts % (2 * SCALE) == 0, publish=now))
    return room


async def playlist(server: Server, room: NewRoom, agent: str = "one") -> MediaPlaylist:
    url = f"{server.url}/hls/{room.name}/live.m3u8"
    async with server.http.get(url, headers={"User-Agent": agent}) as response:
        assert response.status == 200
        return MediaPlaylist.read(await response.text())


async def test_viewers_behind_one_address_differ_by_their_user_agents(
    server: Server, room: NewRoom
) -> None:
    for agent in ("one", "two", "one", "x" * 300):
        await playlist(server, room, agent)
    await eventually(lambda: server.channel(room).viewers == 3)


async def test_an_address_has_a_number_of_waiting_requests(server: Server, room: NewRoom) -> None:
    """While one waits for a part, another is refused."""
    seen = await playlist(server, room)
    number, part = seen.last
    path = f"/hls/{room.name}/live.m3u8?_HLS_msn={number}&_HLS_part={part + 1}"
    waiting = asyncio.create_task(server.status("GET", path))
    (rendition,) = server.channel(room)._outputs
    await eventually(lambda: rendition.waiting)  # type: ignore[attr-defined]
    async with server.http.get(f"{server.url}/hls/{room.name}/live.m3u8") as response:
        assert (response.status, (await response.json())["code"]) == (429, "too_many_requests")
        assert "Retry-After" in response.headers
    for pts in range(5 * SCALE, 6 * SCALE, FRAME):
        server.stream(room).publish(video_sample(pts))
    async with asyncio.timeout(5):
        assert await waiting == 200


async def test_an_ended_room_plays_to_its_end(server: Server, room: NewRoom) -> None:
    """It plays if it still has a rendition. An ended room without one is gone."""
    await playlist(server, room)
    other = await server.create()
    for ended in (room, other):
        await server.status("DELETE", f"/api/rooms/{ended.name}", headers=ended.bearer)
    last = await playlist(server, room)
    assert last.ended
    assert await server.status("GET", f"/hls/{room.name}/{last.playable[-1].uri}") == 200
    assert await server.status("GET", f"/hls/{other.name}/live.m3u8") == 410
    assert await server.status("GET", "/hls/unknown/live.m3u8") == 404
