"""The playlist and the media of replays over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from relay.media.aac import OpusPacket
from relay.worker.workers import WorkerFailed
from server.recordings.aac_encoders import AacEncoders
from tests.fixtures.people import Browser
from tests.fixtures.recorded import CREATED, ROOM, recorded, store
from tests.fixtures.server import Server

BASE = f"/replays/{ROOM.room}"


@pytest_asyncio.fixture
async def replay(server: Server) -> AsyncIterator[Server]:
    await store(server.storage, server.objects, recorded(3))
    yield server


async def get(server: Server, path: str, **headers: str) -> tuple[int, Any, bytes]:
    async with server.http.get(server.url + path, headers=headers) as response:
        return response.status, response.headers, await response.read()


@pytest.mark.parametrize("base", [BASE, f"{BASE}/opus"])
async def test_the_playlist_and_its_files(replay: Server, base: str) -> None:
    status, headers, body = await get(replay, f"{base}/index.m3u8")
    assert (status, headers["Content-Type"]) == (200, "application/vnd.apple.mpegurl")
    assert headers["Cache-Control"] == "no-cache"
    uris = [line for line in body.decode().splitlines() if not line.startswith("#")]
    assert uris == ["1.m4s", "2.m4s", "3.m4s"] and 'URI="1.mp4"' in body.decode()
    for uri in ("1.mp4", *uris):
        status, headers, body = await get(replay, f"{base}/{uri}")
        assert (status, headers["Content-Type"]) == (200, "video/mp4")
        assert ("opus" in base) is (b"Opus" in body) or uri != "1.mp4"
        assert headers["Cache-Control"] == "public, max-age=3600, immutable"


async def test_no_cache_keeps_a_segment_without_its_sound(
    replay: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, failures = AacEncoders.encode, [WorkerFailed("no answer")]

    async def fail_once(self: AacEncoders, packets: list[OpusPacket]) -> list[list[bytes]]:
        if failures:
            raise failures.pop()
        return await encode(self, packets)

    monkeypatch.setattr(AacEncoders, "encode", fail_once)
    status, headers, silent = await get(replay, f"{BASE}/1.m4s")
    assert (status, headers["Cache-Control"]) == (200, "private, no-store")
    status, headers, body = await get(replay, f"{BASE}/1.m4s")
    assert (status, headers["Cache-Control"]) == (200, "public, max-age=3600, immutable")
    assert body != silent


async def test_ranges_and_conditions(replay: Server) -> None:
    path = f"{BASE}/2.m4s"
    _, headers, whole = await get(replay, path)
    etag, size = headers["ETag"], len(whole)
    status, _, body = await get(replay, path, **{"If-None-Match": f'"x", {etag}'})
    assert (status, body) == (304, b"")
    status, headers, body = await get(replay, path, Range="bytes=10-19")
    assert (status, headers["Content-Range"]) == (206, f"bytes 10-19/{size}")
    assert body == whole[10:20]
    _, _, body = await get(replay, path, Range="bytes=-5")
    assert body == whole[-5:]
    status, _, body = await get(replay, path, Range="bytes=0-9", **{"If-Range": '"old"'})
    assert (status, body) == (200, whole)
    for bad in (f"bytes={size}-", "bytes=9-3", "bytes=a-b"):
        status, headers, _ = await get(replay, path, Range=bad)
        assert (status, headers["Content-Range"]) == (416, f"bytes */{size}"), bad


async def test_paths_that_make_no_sense(replay: Server) -> None:
    for path, code in (
        (f"{BASE}/9.m4s", "file_not_found"),
        (f"{BASE}/9.mp4", "file_not_found"),
        (f"{BASE}/0.m4s", "file_not_found"),
        (f"{BASE}/-1.m4s", "not_found"),
        (f"{BASE}/1234567890.m4s", "not_found"),
        (f"{BASE}/..%2F..%2Fx.m4s", "not_found"),
        (f"{BASE}/", "not_found"),
        ("/replays/nowhere/index.m3u8", "room_not_found"),
    ):
        async with replay.http.get(replay.url + path) as response:
            assert (response.status, (await response.json())["code"]) == (404, code), path


async def test_a_replay_of_a_private_live(server: Server) -> None:
    """Only people who may watch the room get the replay, and no cache keeps the replay."""
    await store(server.storage, server.objects, recorded(1), visibility="private")
    async with server.http.get(f"{server.url}{BASE}/1.m4s") as response:
        assert (response.status, (await response.json())["code"]) == (403, "private_room")
    key = {"Authorization": "Bearer a key"}
    for path, caching in (("index.m3u8", "no-store"), ("1.m4s", "private, no-store")):
        status, headers, _ = await get(server, f"{BASE}/{path}", **key)
        assert (status, headers["Cache-Control"]) == (200, caching)


async def test_a_deleted_replay(replay: Server) -> None:
    await get(replay, f"{BASE}/1.m4s")
    await replay.storage.recordings.discard(ROOM.room, CREATED + 90)
    for path in ("index.m3u8", "1.mp4", "1.m4s"):
        async with replay.http.get(f"{replay.url}{BASE}/{path}") as response:
            assert (response.status, (await response.json())["code"]) == (404, "no_replay")


async def test_the_page_of_a_replay(replay: Server, browser: Browser) -> None:
    """The page of the ended live redirects to the page of the replay. Programs still learn that the
    live has ended.
    """
    async with replay.http.get(
        f"{replay.url}/r/{ROOM.room}", headers={"Accept": "text/html"}, allow_redirects=False
    ) as response:
        assert (response.status, response.headers["Location"]) == (302, f"/v/{ROOM.room}")
    status, _, _ = await get(replay, f"/r/{ROOM.room}")
    assert status == 410
    for language, badge in (("en", "Replay"), ("ko", "다시보기")):
        status, headers, body = await get(
            replay, f"/v/{ROOM.room}", Accept="text/html", **{"Accept-Language": language}
        )
        assert status == 200 and badge in body.decode() and ROOM.title in body.decode()
        assert "X-Robots-Tag" not in headers
    await replay.storage.recordings.discard(ROOM.room, CREATED + 90)
    status, _, body = await get(replay, f"/v/{ROOM.room}", Accept="text/html")
    assert status == 404 and "No replay of this live was kept" in body.decode()
    status, _, body = await get(replay, f"/r/{ROOM.room}", Accept="text/html")
    assert status == 410 and "No replay was kept." in body.decode()


async def test_a_watch_link_opens_a_private_replay(server: Server) -> None:
    """The page gives the browser a cookie for the media, which a video element requests itself."""
    await store(server.storage, server.objects, recorded(1), visibility="private")
    key = {"Authorization": "Bearer a key"}
    async with server.http.post(
        f"{server.url}/api/rooms/{ROOM.room}/links", json={"seconds": 600}, headers=key
    ) as response:
        link = (await response.json())["url"].partition("?")[2]
    async with Browser(server.url) as guest:
        status, _ = await guest.ask("GET", f"/v/{ROOM.room}", headers={"Accept": "text/html"})
        assert status == 403
        html = {"Accept": "text/html"}
        status, _ = await guest.ask("GET", f"/v/{ROOM.room}?{link}", headers=html)
        assert status == 200 and guest.headers["Cache-Control"] == "no-store"
        assert guest.headers["X-Robots-Tag"] == "noindex"
        async with guest.http.get(f"{server.url}{BASE}/1.m4s") as response:
            assert response.status == 200


async def test_the_best_moments_are_chapters(server: Server) -> None:
    await store(server.storage, server.objects, recorded(25))
    await server.storage.crowds.put(ROOM.room, [(5, 1), (20, 6), (29, 1)])
    _, _, body = await get(server, f"/v/{ROOM.room}", Accept="text/html")
    assert '"chapters": [12000000]' in body.decode()
