"""LL-HLS over a real server, against RFC 8216bis §6.2, from start to end."""

import asyncio
import time
from contextlib import suppress
from urllib.parse import urljoin

import av
import pytest
from aiohttp import ClientSession

from relay.hls import endpoint as hls
from relay.hls import rendition as renditions
from relay.hls.muxer import Muxer
from relay.hls.playlist import ADVANCE_LIMIT
from relay.hls.rendition import CATCHING_UP, Rendition
from relay.hls.segmenter import PART_TARGET, SCALE
from relay.media.aac import OpusPacket
from relay.sample import Sample, TrackInfo
from tests.fixtures.deadline import eventually
from tests.fixtures.hls import MediaPlaylist, check_history
from tests.fixtures.publisher import Publisher
from tests.integration.conftest import Live

LATE = 5.0
"""By how much a busy machine may be late with several parts, seconds."""


class Client:
    """Reads a room's media playlist as a low-latency player does."""

    def __init__(self, live: Live) -> None:
        self.base = f"{live.server.url}/hls/{live.room.name}/"
        self._http: ClientSession = live.server.http
        self.texts: list[str] = []

    async def get(self, path: str, **options: object) -> tuple[int, bytes]:
        async with self._http.get(urljoin(self.base, path), **options) as response:  # type: ignore[arg-type]
            return response.status, await response.read()

    async def playlist(self, query: str = "") -> MediaPlaylist:
        status, body = await self.get(f"live.m3u8{query}")
        assert status == 200, (status, body)
        self.texts.append(body.decode())
        return MediaPlaylist.read(self.texts[-1])

    async def next(self, playlist: MediaPlaylist) -> MediaPlaylist:
        number, index = playlist.last
        return await self.playlist(f"?_HLS_msn={number}&_HLS_part={index + 1}")


async def test_a_live_is_listed_as_the_rfc_says(live: Live) -> None:
    client = Client(live)
    seen = await client.playlist()
    maps: set[str] = set()
    began = time.monotonic()
    for _ in range(15):
        hinted = asyncio.create_task(client.get(seen.hints[0]))
        following = await client.next(seen)
        assert following.last > seen.last, "a blocking reload brought nothing new"
        status, body = await hinted
        listed = [
            part
            for segment in following.segments
            for part in segment.parts
            if part.uri == seen.hints[0]
        ]
        assert (status == 200 and body and listed) or not listed, (
            "a hinted part was listed, but not whole"
        )
        newest = following.segments[-1]
        status, part = await client.get(newest.parts[-1].uri)
        assert status == 200 and part, "a part was listed before it could be had"
        maps.add(newest.map)
        seen = following
    # §6.2.1: each part within a part target. Only the sum is timed, since a loaded machine may be
    # late with some.
    assert time.monotonic() - began < 15 * seen.part_target + LATE
    history = check_history(client.texts)
    init = await client.get(maps.pop())
    whole = seen.playable[-1]
    status, segment = await client.get(whole.uri)
    parts = [(await client.get(part.uri))[1] for part in whole.parts]
    assert init[0] == status == 200 and segment == b"".join(parts) and not maps
    assert len(history) == 16


async def test_blocking_reload_waits_and_refuses_as_written(live: Live) -> None:
    client = Client(live)
    seen = await client.playlist()
    number, index = seen.last
    assert (await client.get("live.m3u8?_HLS_part=1"))[0] == 400
    for query in (
        "_HLS_msn=x",
        "_HLS_msn=-1",
        "_HLS_msn=1.5",
        f"_HLS_msn={number}&_HLS_part=x",
        f"_HLS_msn={'9' * 30}",
    ):
        assert (await client.get(f"live.m3u8?{query}"))[0] == 400, query
    for query in (
        f"_HLS_msn={number + 4}",
        f"_HLS_msn={number + 1}&_HLS_part=20",
        "_HLS_msn=999999999",
    ):
        assert (await client.get(f"live.m3u8?{query}"))[0] == 400, query
    old = await client.playlist("?_HLS_msn=0&_HLS_part=5")
    assert old.segments[0].number == seen.segments[0].number, (
        "an old one brings the whole list at once"
    )
    behind = await client.playlist(f"?_HLS_msn={number}&_HLS_part={index + 12}")
    assert behind.last >= (number + 1, 0), (
        "a part behind the last of its segment is the first of the next"
    )
    assert (await client.playlist(f"?_HLS_msn={behind.last[0] + 1}")).last[0] == behind.last[0] + 1
    for query in ("?_HLS_skip=YES", "?_HLS_skip=v2", "?_HLS_skip=no"):
        short = await client.playlist(query)
        assert short.segments[0].number == seen.segments[0].number, "nothing is old enough to skip"
    for path in (
        "live.m3u",
        "00000000/1.m4s",
        seen.hints[0].replace(".m4s", "0.m4s"),
        "../../healthz",
        seen.complete[0].uri.replace(".m4s", ".mp4"),
    ):
        assert (await client.get(path))[0] == 404 or path.startswith(".."), path


@pytest.mark.parametrize("settings", [{"cors_origins": ("*",)}])
async def test_answers_are_fit_for_a_cdn(live: Live) -> None:
    client = Client(live)
    seen = await client.playlist()
    async with live.server.http.get(
        client.base + "live.m3u8", headers={"Accept-Encoding": "gzip"}
    ) as response:
        assert (
            response.headers["Content-Encoding"] == "gzip"
            and response.headers["Access-Control-Allow-Origin"] == "*"
        )
        assert (
            response.content_type == "application/vnd.apple.mpegurl"
            and "s-maxage=1" in response.headers["Cache-Control"]
        )
    async with live.server.http.get(urljoin(client.base, seen.playable[-1].uri)) as response:
        assert (
            response.content_type == "video/mp4"
            and "immutable" in response.headers["Cache-Control"]
        )
    async with live.server.http.get(client.base + "live.m3u8?_HLS_part=0") as response:
        assert response.headers["Cache-Control"] == "no-store"
    number, part = (await client.playlist()).last
    async with live.server.http.get(
        f"{client.base}live.m3u8?_HLS_msn={number}&_HLS_part={part + 1}"
    ) as response:
        assert response.headers["Cache-Control"] == "public, max-age=0, s-maxage=1"


async def test_pyav_opens_and_decodes_it(live: Live) -> None:
    def play(url: str) -> tuple[list[str], int, int]:
        with av.open(url, timeout=20) as container:
            names = sorted(stream.codec_context.name for stream in container.streams)
            pictures = sounds = 0
            for frame in container.decode():
                pictures, sounds = (
                    (pictures + 1, sounds)
                    if isinstance(frame, av.VideoFrame)
                    else (pictures, sounds + 1)
                )
                if pictures >= 45 and sounds >= 60:
                    break
            return names, pictures, sounds

    client = Client(live)
    await client.playlist()
    names, pictures, sounds = await asyncio.to_thread(play, client.base + "index.m3u8")
    assert names == ["aac", "h264"] and pictures >= 45 and sounds >= 60


async def test_an_absence_is_listed_as_a_gap_and_the_live_goes_on_behind_a_discontinuity(
    live: Live,
) -> None:
    client = Client(live)
    seen = await client.playlist()
    await live.publisher.peer.close()
    while not seen.segments[-1].parts[-1].gap:
        seen = await client.next(seen)
    began = time.monotonic()
    for _ in range(6):
        seen = await client.next(seen)
    assert time.monotonic() - began < 6 * PART_TARGET / SCALE + LATE, (
        "gaps do not keep the pace of parts"
    )
    gap = next(part for part in seen.segments[-1].parts if part.gap)
    assert (await client.get(gap.uri))[0] == 404
    async with Publisher(live.server.http, live.room.whip, live.room.key):
        while seen.segments[-1].parts[-1].gap:
            seen = await client.next(seen)
        assert seen.segments[-1].discontinuous and seen.segments[-1].parts[0].independent
    check_history(client.texts)


async def test_what_no_client_requests_is_not_made(live: Live) -> None:
    channel = live.server.channel(live.room)
    assert not channel._outputs, "without a request there is no rendition"
    client = Client(live)
    for path in ("junk", "00000000/1.m4s", "live.m3u9", "index.m3u8/"):
        assert (await client.get(path))[0] == 404 and not channel._outputs, path
    await client.playlist()
    (rendition,) = channel._outputs
    await eventually(lambda: channel.viewers >= 2)
    rendition._requested_at -= 60  # type: ignore[attr-defined]
    await eventually(lambda: not channel._outputs)
    await eventually(lambda: channel.viewers == 1)
    assert (await client.playlist()).segments[0].number > 0


async def test_the_first_demand_is_one_job_however_much_is_there(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window is cut and its sound transcoded in one job, not per sample."""
    await live.viewer.frames(120)
    jobs: list[int] = []
    receive = Muxer.receive

    def count(muxer: Muxer, items: list[Sample | TrackInfo], media_now: int) -> list[OpusPacket]:
        jobs.append(len(items))
        return receive(muxer, items, media_now)

    monkeypatch.setattr(Muxer, "receive", count)
    seen = await Client(live).playlist()
    # On a busy machine, the media that came meanwhile is another job or two.
    assert seen.complete and jobs[0] > 200 and len(jobs) <= CATCHING_UP + 1, jobs


async def test_a_reload_does_not_wait_for_a_client_that_left(live: Live) -> None:
    client = Client(live)
    await client.playlist()
    (rendition,) = live.server.channel(live.room)._outputs
    assert isinstance(rendition, Rendition)
    # The last part for which a request may wait, seconds after the next part.
    wanted = rendition.playlist.position[0] + 1, int(ADVANCE_LIMIT) - 1
    reload = asyncio.create_task(client.get("live.m3u8?_HLS_msn={}&_HLS_part={}".format(*wanted)))
    await eventually(lambda: rendition.waiting == 1)
    reload.cancel()
    with suppress(asyncio.CancelledError):
        await reload
    await eventually(lambda: rendition.waiting == 0)
    assert not rendition.playlist.contains(*wanted), "the part came before the wait ended"


async def test_the_end_is_listed_and_what_is_there_can_still_be_played(live: Live) -> None:
    client = Client(live)
    seen = await client.playlist()
    waiting = asyncio.create_task(client.next(seen))
    assert (
        await live.server.status("DELETE", f"/api/rooms/{live.room.name}", headers=live.room.bearer)
        == 204
    )
    await waiting
    async with asyncio.timeout(5):
        while not seen.ended:
            seen = await client.playlist(
                f"?_HLS_msn={seen.last[0] + 2}"
            )  # after the end directives mean nothing
    check_history(client.texts)
    assert (await client.get("live.m3u8?_HLS_part=1"))[0] == 200, "whatever they are"
    assert (await client.get(seen.playable[-1].uri))[0] == 200


async def test_too_much_at_a_time_is_refused_until_later(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above the number of streams or of waiting requests, the answer is 503 with Retry-After and is
    not cached.

    Existing viewers are not affected.
    """
    client, other = Client(live), await live.server.create()
    seen = await client.playlist()
    async with Publisher(live.server.http, other.whip, other.key):
        await eventually(lambda: live.server.stream(other).tracks)
        monkeypatch.setattr(hls, "RENDITIONS", 1)
        await _refused(live, f"/hls/{other.name}/live.m3u8")
        assert (await client.next(seen)).last > seen.last
        monkeypatch.setattr(hls, "RENDITIONS", 2)
        assert await live.server.status("GET", f"/hls/{other.name}/live.m3u8") == 200
        monkeypatch.setattr(renditions, "BLOCK", 0.0)
        for _ in range(5):
            # The next segment may begin between the two requests.
            number, _ = (await client.playlist()).last
            path = f"/hls/{live.room.name}/live.m3u8?_HLS_msn={number + 1}"
            if await live.server.status("GET", path) == 503:
                break
        await _refused(live, path)
        monkeypatch.setattr(hls, "WAITING", 0)
        await _refused(live, f"/hls/{other.name}/live.m3u8")


async def _refused(live: Live, path: str) -> None:
    async with live.server.http.get(live.server.url + path) as response:
        assert (
            response.status,
            response.headers["Retry-After"],
            response.headers["Cache-Control"],
        ) == (503, "1", "no-store")


async def test_rooms_that_are_not_live(live: Live) -> None:
    server = live.server
    idle = await server.create()
    assert await server.status("GET", f"/hls/{idle.name}/index.m3u8") == 503
    assert await server.status("GET", "/hls/nowhere/index.m3u8") == 404
    await server.status("DELETE", f"/api/rooms/{idle.name}", headers=idle.bearer)
    assert await server.status("GET", f"/hls/{idle.name}/live.m3u8") == 410
