"""Answers below `/hls/{room}/`, over a small application without rooms."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.channel.channel import Channel
from relay.client_address import ClientAddress
from relay.errors import PlaylistError, RefusalCode
from relay.hls import endpoint as module
from relay.hls import rendition as rendition_module
from relay.hls.answers import FOREVER, FRESH, MEDIA, PLAYLIST
from relay.hls.endpoint import Renditions
from relay.hls.segmenter import SCALE
from relay.hls.starts import PER_ADDRESS, WAITING_PER_ADDRESS
from relay.worker.workers import Workers
from tests.fixtures.channel import make_channel
from tests.fixtures.deadline import eventually
from tests.fixtures.hls import MediaPlaylist
from tests.fixtures.media import video_sample, video_track
from tests.fixtures.workers import running_workers

FRAME = 3_000
CREATOR = ClientAddress("192.0.2.1", "192.0.2.0/24")
OTHER = ClientAddress("198.51.100.1", "198.51.100.0/24")
Client = TestClient[web.Request, web.Application]


@pytest.fixture
def channel() -> Channel:
    """A channel with five seconds of video."""
    channel = make_channel()
    channel.stream.set_track(video_track(), 0)
    now = time.time_ns() // 1_000
    for pts in range(0, 5 * SCALE, FRAME):
        channel.stream.publish(video_sample(pts, key=pts % (2 * SCALE) == 0, publish=now))
    return channel


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running_workers() as workers:
        yield workers


@pytest_asyncio.fixture
async def renditions(workers: Workers) -> AsyncIterator[Renditions]:
    renditions = Renditions(workers)
    yield renditions
    await renditions.close()
    assert not renditions.audiences


@pytest_asyncio.fixture
async def client(channel: Channel, renditions: Renditions) -> AsyncIterator[Client]:
    async def get(request: web.Request) -> web.Response:
        path = request.match_info["path"]
        who = request.headers.get("User-Agent", "")
        try:
            rendition = await renditions.open(channel, path)
            return await renditions.respond(request, rendition, path, who)
        except PlaylistError as refusal:
            return web.Response(status=refusal.status, text=refusal.code)

    app = web.Application()
    app.add_routes([web.get("/{path:.+}", get)])
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_playlists_and_files(client: Client, renditions: Renditions) -> None:
    """Each has its type, its tag and its caching. Viewers are counted."""
    index = await client.get("/index.m3u8")
    assert (index.status, index.content_type) == (200, PLAYLIST)
    assert "live.m3u8" in await index.text() and index.headers["Cache-Control"] == FRESH
    live = await client.get("/live.m3u8")
    text = await live.text()
    playlist = MediaPlaylist.read(text)
    assert (renditions.counters.joined, [count for _, count in renditions.audiences]) == (1, [1])
    segment = await client.get(f"/{playlist.complete[-1].uri}")
    assert (segment.status, segment.content_type) == (200, MEDIA)
    assert segment.headers["Cache-Control"] == FOREVER
    assert segment.headers["ETag"] == f'"{playlist.complete[-1].uri}"'
    assert index.headers["ETag"] == (await client.get("/index.m3u8")).headers["ETag"]
    assert (await segment.read())[4:8] in (b"moof", b"styp", b"prft")


async def test_a_playlist_is_compressed_for_clients_that_accept_it(client: Client) -> None:
    plain = await client.get("/live.m3u8", headers={"Accept-Encoding": "identity"})
    packed = await client.get("/live.m3u8", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert await packed.text() == await plain.text()
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


async def test_each_form_of_a_playlist_has_its_own_tag(client: Client) -> None:
    tags = set()
    for query in ("", "?_HLS_skip=YES"):
        for encoding in ("gzip", "identity"):
            response = await client.get(f"/live.m3u8{query}", headers={"Accept-Encoding": encoding})
            tags.add(response.headers["ETag"])
    assert len(tags) == 4


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("_HLS_part=1", RefusalCode.BAD_DIRECTIVE),
        ("_HLS_msn=x", RefusalCode.BAD_DIRECTIVE),
        ("_HLS_msn=-1", RefusalCode.BAD_DIRECTIVE),
        ("_HLS_msn=1&_HLS_part=", RefusalCode.BAD_DIRECTIVE),
        ("_HLS_msn=1234567890123", RefusalCode.BAD_DIRECTIVE),
        ("_HLS_msn=\N{ARABIC-INDIC DIGIT ONE}", RefusalCode.BAD_DIRECTIVE),
    ],
)
async def test_directives_that_are_refused(client: Client, query: str, code: str) -> None:
    response = await client.get(f"/live.m3u8?{query}")
    assert (response.status, await response.text()) == (400, code)


async def test_files_that_do_not_exist(client: Client) -> None:
    """This includes names of another rendition, and numbers written in another form."""
    name = MediaPlaylist.read(await (await client.get("/live.m3u8")).text()).complete[-1].uri
    rendition, _, file = name.rpartition("/")
    number = file.removesuffix(".m4s")
    arabic = f"{number[:-1]}{chr(0x660 + int(number[-1]))}.m4s"
    for path in (
        "junk",
        f"00000000/{file}",
        f"{rendition}/0{file}",
        f"{rendition}/{arabic}",
        f"{rendition}/999.m4s",
    ):
        response = await client.get(f"/{path}")
        assert (response.status, await response.text()) == (404, RefusalCode.FILE_NOT_FOUND), path


async def test_only_a_playlist_opens_a_rendition(channel: Channel) -> None:
    renditions = Renditions(Workers())
    with pytest.raises(PlaylistError) as caught:
        await renditions.open(channel, "00000000/1.m4s")
    assert caught.value.status == 404 and renditions.find(channel.name) is None


async def test_renditions_have_a_maximum(
    channel: Channel, renditions: Renditions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open rendition is found again. One more, or one of an empty stream, is refused until
    later.
    """
    monkeypatch.setattr(module, "RENDITIONS", 1)
    empty = make_channel()
    with pytest.raises(PlaylistError) as caught:
        await renditions.open(empty, "live.m3u8")
    assert (caught.value.code, caught.value.retry_after) == (RefusalCode.ROOM_NOT_LIVE, 1)
    made = await renditions.open(channel, "live.m3u8")
    assert await renditions.open(channel, "index.m3u8") is made is renditions.find(channel.name)
    other = make_channel()
    other.name = "other"
    other.stream.set_track(video_track(), 0)
    with pytest.raises(PlaylistError) as caught:
        await renditions.open(other, "live.m3u8")
    assert (caught.value.status, caught.value.code) == (503, RefusalCode.TOO_MANY_STREAMS)


async def test_waiting_requests_have_a_maximum(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING", 0)
    response = await client.get("/live.m3u8")
    assert (response.status, await response.text()) == (503, RefusalCode.TOO_MANY_REQUESTS)


async def test_a_room_without_viewers_gives_up_its_place(
    channel: Channel, renditions: Renditions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENDITIONS", 1)
    first = await renditions.open(channel, "live.m3u8")
    monkeypatch.setattr(rendition_module, "WATCHING", 0.0)
    other = make_channel(stream=channel.stream)
    other.name = "other"
    made = await renditions.open(other, "live.m3u8")
    assert renditions.find("other") is made and renditions.find(channel.name) is None
    await eventually(lambda: first.over)
    assert renditions.counters.displaced == 1
    assert (renditions.find("other"), list(renditions.held)) == (made, ["other"])


async def test_playlists_have_a_maximum_memory(channel: Channel, renditions: Renditions) -> None:
    """The maximum applies to existing playlists and to new ones."""
    made = await renditions.open(channel, "live.m3u8")
    renditions.limit(1)
    other = make_channel(stream=channel.stream)
    other.name = "other"
    new = await renditions.open(other, "live.m3u8")
    assert made.playlist._max_bytes == new.playlist._max_bytes == 1


def starting(name: str) -> Channel:
    """A channel whose rendition does not become playable, because no frame comes."""
    channel = make_channel()
    channel.name = name
    channel.stream.set_track(video_track(), 0)
    return channel


async def start_most(renditions: Renditions) -> list[Channel]:
    """Starts as many renditions as the rooms of one address may start at a time."""
    channels = [starting(f"{number}") for number in range(PER_ADDRESS)]
    for channel in channels:
        await renditions.open(channel, "live.m3u8", CREATOR)
    return channels


async def test_a_start_that_must_wait_too_long_is_refused(
    channel: Channel, renditions: Renditions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client may try again. The refused start takes no place, and rooms of other addresses
    start meanwhile.
    """
    await start_most(renditions)
    monkeypatch.setattr(module, "START_WITHIN", 0.02)
    with pytest.raises(PlaylistError) as caught:
        await renditions.open(channel, "live.m3u8", CREATOR)
    assert (caught.value.status, caught.value.code) == (503, RefusalCode.TOO_MANY_STREAMS)
    assert caught.value.retry_after == 1
    assert renditions.find(channel.name) is None and renditions.counters.refused == 1
    assert await renditions.open(channel, "live.m3u8", OTHER) is renditions.find(channel.name)


@pytest.mark.parametrize("how", ["playable", "over"])
async def test_the_next_room_starts_as_soon_as_a_start_ends(
    channel: Channel, renditions: Renditions, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """All requests for its room wait together, and count as waiting."""
    monkeypatch.setattr(module, "START_WITHIN", 60.0)
    first, *_ = await start_most(renditions)
    waiting = [
        asyncio.create_task(renditions.open(channel, path, CREATOR))
        for path in ("index.m3u8", "live.m3u8")
    ]
    await eventually(lambda: renditions.waiting == 2)
    assert len(renditions._openings) == 1
    if how == "over":
        made = renditions.find(first.name)
        assert made
        made.cancel()
    else:
        for pts in range(0, 5 * SCALE, FRAME):
            first.stream.publish(video_sample(pts, key=pts % (2 * SCALE) == 0))
    async with asyncio.timeout(4):  # less than UNPLAYABLE
        one, two = await asyncio.gather(*waiting)
    assert one is two is renditions.find(channel.name)
    assert not renditions._openings and renditions.waiting == 0


async def test_a_room_that_ended_while_it_waited_does_not_start(
    channel: Channel, renditions: Renditions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_WITHIN", 60.0)
    first, *_ = await start_most(renditions)
    waiting = asyncio.create_task(renditions.open(channel, "live.m3u8", CREATOR))
    await eventually(lambda: renditions.waiting)
    channel.end()
    made = renditions.find(first.name)
    assert made
    made.cancel()
    with pytest.raises(PlaylistError) as caught:
        await waiting
    assert caught.value.code is RefusalCode.ROOM_NOT_LIVE
    assert renditions.find(channel.name) is None


async def test_waiting_starts_end_with_the_server(
    channel: Channel, renditions: Renditions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_WITHIN", 60.0)
    await start_most(renditions)
    waiting = asyncio.create_task(renditions.open(channel, "live.m3u8", CREATOR))
    await eventually(lambda: renditions.waiting)
    await renditions.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert renditions.find(channel.name) is None


async def test_a_start_that_its_client_leaves_does_not_end(
    channel: Channel, renditions: Renditions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other clients wait for the same start."""
    monkeypatch.setattr(module, "START_WITHIN", 60.0)
    first, *_ = await start_most(renditions)
    left, stays = (
        asyncio.create_task(renditions.open(channel, "live.m3u8", CREATOR)) for _ in range(2)
    )
    await eventually(lambda: renditions.waiting == 2)
    left.cancel()
    await asyncio.wait([left])
    assert renditions.waiting == 1
    made = renditions.find(first.name)
    assert made
    made.cancel()
    assert await stays is renditions.find(channel.name)


async def test_a_start_that_all_its_clients_leave_is_cancelled(
    channel: Channel, renditions: Renditions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_WITHIN", 60.0)
    await start_most(renditions)
    requests = [
        asyncio.create_task(renditions.open(channel, "live.m3u8", CREATOR)) for _ in range(2)
    ]
    await eventually(lambda: renditions.waiting == 2)
    task = renditions._openings[channel.name].task
    for request in requests:
        request.cancel()
    await asyncio.wait([*requests, task])
    assert task.cancelled() and renditions.find(channel.name) is None
    assert not renditions._openings and renditions.waiting == 0


async def test_a_room_whose_start_may_not_wait_is_refused_at_once(
    channel: Channel, renditions: Renditions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second request for a room that waits takes no further place."""
    monkeypatch.setattr(module, "START_WITHIN", 60.0)
    await start_most(renditions)
    rooms = [starting(f"waiting {number}") for number in range(WAITING_PER_ADDRESS)]
    requests = [
        asyncio.create_task(renditions.open(room, "live.m3u8", CREATOR))
        for room in (*rooms, rooms[0])
    ]
    await eventually(lambda: renditions.waiting == WAITING_PER_ADDRESS + 1)
    with pytest.raises(PlaylistError) as caught:
        await renditions.open(channel, "live.m3u8", CREATOR)
    assert (caught.value.code, caught.value.retry_after) == (RefusalCode.TOO_MANY_STREAMS, 1)
    for request in requests:
        request.cancel()
    await asyncio.wait(requests)
