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


async def sent(server: Server) -> float:
    """The bytes that HLS viewers got."""
    async with server.http.get(f"{server.url}/metrics") as response:
        lines = (await response.text()).splitlines()
    line = next(line for line in lines if line.startswith('microlive_sent_bytes_total{path="hls"}'))
    return float(line.split()[-1])


RANGES = [
    ("bytes=0-0", 206, 0, 1),
    ("bytes=700-1299", 206, 700, 1_300),
    ("bytes=1300-", 206, 1_300, None),
    ("bytes=1300-9999999", 206, 1_300, None),
    ("bytes=-3", 206, -3, None),
    ("bytes=9999999-", 416, 0, 0),
    ("bytes=9-2", 416, 0, 0),
    ("bytes=0-1,3-4", 200, 0, None),
    ("parts=0-1", 200, 0, None),
]
"""Range headers, the status, and the bytes that come."""


async def test_a_segment_can_be_had_in_ranges(server: Server, room: NewRoom) -> None:
    """RFC 9110 §14, for a file that consists of parts."""
    url = f"{server.url}/hls/{room.name}/{(await playlist(server, room)).complete[0].uri}"
    async with server.http.get(url) as response:
        data = await response.read()
        assert response.headers["Accept-Ranges"] == "bytes"
    for asked, status, first, last in RANGES:
        async with server.http.get(url, headers={"Range": asked}) as response:
            assert response.status == status, asked
            where = response.headers.get("Content-Range", "")
            if status == 416:
                assert where == f"bytes */{len(data)}"
                assert (await response.json())["code"] == "bad_range"
                continue
            part = data[first:last]
            assert (await response.read(), response.content_length) == (part, len(part)), asked
            assert "immutable" in response.headers["Cache-Control"]
            if status == 206:
                begin = first % len(data)
                assert where == f"bytes {begin}-{begin + len(part) - 1}/{len(data)}"


async def test_what_a_client_has_is_not_sent_again(server: Server, room: NewRoom) -> None:
    """RFC 9110 §13: 304, also for playlists. Another playlist has another tag."""
    seen = await playlist(server, room)
    base = f"{server.url}/hls/{room.name}"
    for path in ("index.m3u8", "live.m3u8", "live.m3u8?_HLS_skip=YES", seen.complete[0].uri):
        async with server.http.get(f"{base}/{path}") as response:
            tag, caching = response.headers["ETag"], response.headers["Cache-Control"]
        for known, status in ((tag, 304), (f'"x", W/{tag}', 304), ('"x"', 200)):
            async with server.http.get(
                f"{base}/{path}", headers={"If-None-Match": known}
            ) as response:
                body = await response.read()
                assert (response.status, not body) == (status, status == 304), (path, known)
                assert response.headers["ETag"] == tag
                assert response.headers["Cache-Control"] == caching
    async with server.http.get(
        f"{base}/{seen.complete[0].uri}", headers={"Range": "bytes=0-1", "If-Range": '"x"'}
    ) as response:
        assert response.status == 200
    async with server.http.get(f"{base}/live.m3u8", headers={"Range": "bytes=0-1"}) as response:
        assert response.status == 200, "a playlist has no ranges"


async def test_head_and_options(server: Server, room: NewRoom) -> None:
    """HEAD has the headers of GET without the body, and sends nothing that counts. OPTIONS names
    the methods, also to pages of other origins.
    """
    seen = await playlist(server, room)
    base, before = f"{server.url}/hls/{room.name}", await sent(server)
    assert before > 0
    for path in ("index.m3u8", "live.m3u8", seen.complete[0].uri, seen.segments[-1].parts[-1].uri):
        async with server.http.head(
            f"{base}/{path}", headers={"Range": "bytes=999999-"}
        ) as response:
            assert response.status == 200 and not await response.read()
            headers = response.headers
        assert await sent(server) == before
        async with server.http.get(f"{base}/{path}") as response:
            for name in ("Content-Length", "Content-Type", "ETag", "Cache-Control"):
                assert headers[name] == response.headers[name], name
        before = await sent(server)
    assert await server.status("HEAD", f"/hls/{room.name}/{'0' * 8}/1.m4s") == 404
    for path in ("live.m3u8", "x"):
        async with server.http.options(f"{base}/{path}") as response:
            assert (response.status, response.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    preflight = {
        "Origin": server.url,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "range",
    }
    async with server.http.options(f"{base}/live.m3u8", headers=preflight) as response:
        assert "Range" in response.headers["Access-Control-Allow-Headers"]


async def test_an_old_client_gets_a_whole_playlist_instead_of_a_delta(
    server: Server, room: NewRoom
) -> None:
    """A delta update serves only a client that has the skipped segments (RFC 8216bis §6.2.5.2)."""
    before, now = await playlist(server, room), time.time_ns() // 1_000
    for pts in range(5 * SCALE, 24 * SCALE, FRAME):
        sample = video_sample(pts, key=pts % (2 * SCALE) == 0, publish=now)
        server.stream(room).publish(sample)
    async with asyncio.timeout(5):
        whole = before
        while whole.segments[-1].number < before.segments[-1].number + 8:
            whole = await playlist(server, room)
    oldest, newest = whole.segments[0].number, whole.segments[-1].number
    for query, number in (
        ("_HLS_skip=YES", 1),
        ("_HLS_skip=v2", 1),
        (f"_HLS_msn={newest}&_HLS_part=0&_HLS_skip=YES", 1),
        (f"_HLS_msn={oldest}&_HLS_skip=YES", 0),
        (f"_HLS_msn={oldest}&_HLS_part=0&_HLS_skip=YES", 0),
        ("_HLS_msn=0&_HLS_skip=v2", 0),
        ("_HLS_skip=yes", 0),
        ("_HLS_skip=", 0),
    ):
        url = f"{server.url}/hls/{room.name}/live.m3u8?{query}"
        async with server.http.get(url) as response:
            text = await response.text()
            assert (response.status, text.count("#EXT-X-SKIP:")) == (200, number), query
    await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer)
    url = f"{server.url}/hls/{room.name}/live.m3u8?_HLS_skip=YES&_HLS_msn=x"
    async with asyncio.timeout(5):
        text = ""
        while "#EXT-X-ENDLIST" not in text:
            async with server.http.get(url) as response:
                text = await response.text()
    assert "#EXT-X-SKIP" not in text
