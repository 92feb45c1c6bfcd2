"""The requests of an overloaded server to creators, and the media that its viewers get."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from server.host.headroom import Headroom
from server.host.stages import UNWATCHED_BITRATE, UP_EVERY, Stage
from tests.fixtures.deadline import eventually
from tests.fixtures.media import video_sample, video_track
from tests.fixtures.offers import offer
from tests.fixtures.server import SDP, NewRoom, Server, running

REMB = 4_000_000


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server whose load the test sets."""
    async with running(tmp_path, remb=REMB) as server:
        server.load.close()
        yield server


async def publishing(server: Server) -> NewRoom:
    """A room with a publisher's session and some media."""
    room = await server.create()
    headers = {"Content-Type": SDP, **room.bearer}
    path = f"/whip/{room.name}"
    assert await server.status("POST", path, data=offer("chromium"), headers=headers) == 201
    stream, now = server.stream(room), time.time_ns() // 1_000
    stream.set_track(video_track(), now)
    for number in range(90):
        stream.publish(video_sample(number * 3_000, key=number % 30 == 0, publish=now))
    return room


def requested(server: Server, room: NewRoom) -> int:
    """The bitrate that is requested from the room's creator."""
    [session] = server.room(room).sessions
    return session.rtc._reporter._limit


def overload(server: Server, stage: Stage) -> None:
    """Keeps the load high until the server has reached this stage."""
    server.load.admission.measured(Headroom(load=0.99), 0.0)
    now = 100.0
    while server.shedding.stages.stage < stage:
        server.shedding.update(now)
        now += UP_EVERY


def relax(server: Server) -> None:
    server.load.admission.measured(Headroom(load=0.2), 0.0)
    server.shedding.update(1_000.0)


async def test_rooms_without_viewers_send_less_and_stay_live(server: Server) -> None:
    watched, unwatched = await publishing(server), await publishing(server)
    async with server.http.ws_connect(f"{server.url}/ws/{watched.name}") as viewer:
        await viewer.receive(timeout=5)
        await eventually(lambda: server.channel(watched).viewers == 1)
        overload(server, Stage.UNWATCHED_VIDEO)
        assert requested(server, watched) == REMB
        assert requested(server, unwatched) == UNWATCHED_BITRATE
        async with server.http.ws_connect(f"{server.url}/ws/{unwatched.name}") as second:
            await second.receive(timeout=5)
            await eventually(lambda: server.channel(unwatched).viewers == 1)
            server.shedding.update(200.0)
            assert requested(server, unwatched) == REMB
        assert await server.state(unwatched) == "idle"  # its handshake has not come yet
    relax(server)
    assert requested(server, watched) == requested(server, unwatched) == REMB


async def test_the_heaviest_send_less_at_last(server: Server) -> None:
    room = await publishing(server)
    async with server.http.ws_connect(f"{server.url}/ws/{room.name}") as viewer:
        await viewer.receive(timeout=5)
        await eventually(lambda: server.channel(room).viewers == 1)
        overload(server, Stage.HEAVIEST)
        assert requested(server, room) < REMB
    relax(server)
    assert requested(server, room) == REMB


async def test_renditions_without_viewers_end(server: Server) -> None:
    """A viewer who plays keeps its rendition."""
    played, left = await publishing(server), await publishing(server)
    assert await server.status("GET", f"/hls/{played.name}/live.m3u8") == 200
    assert await server.status("GET", f"/hls/{left.name}/index.m3u8") == 200
    await eventually(lambda: server.channel(played).viewers == 1)
    renditions = server.shedding._renditions
    overload(server, Stage.IDLE_HLS)
    await eventually(lambda: renditions.find(left.name) is None)
    assert renditions.find(played.name) is not None


async def test_slow_viewers_are_kept_slow(server: Server) -> None:
    room = await publishing(server)
    async with server.http.ws_connect(f"{server.url}/ws/{room.name}") as viewer:
        await viewer.receive(timeout=5)
        await eventually(lambda: server.shedding._viewers)
        [seen] = server.shedding._viewers
        overload(server, Stage.SLOW_VIEWERS)
        assert seen._outbox.keeps_slow
        relax(server)
        assert not seen._outbox.keeps_slow
