"""The files of clips: ranges, caching, downloads, and an object store that fails. The tests use
local files and an S3 server.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import pytest_asyncio
from aiohttp import web
from multidict import CIMultiDictProxy
from yarl import URL

from server.clips.clips import ClipFile
from server.http.clip_files import disposition
from tests.fixtures.clips import S, go_live, make_clip, publish_clip, refusal, settled
from tests.fixtures.people import Browser
from tests.fixtures.s3 import Gate, S3Server, full, give_credentials, lose
from tests.fixtures.server import NewRoom, Server, running


def _away(_: web.Request) -> web.Response:
    return web.Response(status=503)


@dataclass(frozen=True, slots=True)
class Party:
    """A live, and a person who makes clips of it."""

    server: Server
    room: NewRoom
    person: Browser
    gate: Gate | None = None

    async def ask(self, path: str, **headers: str) -> tuple[int, CIMultiDictProxy[str], bytes]:
        """Returns status, headers and body of an answer, without following redirects."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.server.url + path
        async with self.person.http.get(url, headers=sent, allow_redirects=False) as response:
            return response.status, response.headers, await response.read()


@pytest_asyncio.fixture
async def party(tmp_path: Path) -> AsyncIterator[Party]:
    async with _party(tmp_path) as party:
        yield party


@pytest_asyncio.fixture
async def on_s3(
    tmp_path: Path, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Party]:
    give_credentials(monkeypatch)
    async with Gate(s3_server) as gate:
        async with _party(tmp_path, gate, **gate.bucket().settings()) as party:
            yield party


@asynccontextmanager
async def _party(data: Path, gate: Gate | None = None, **settings: Any) -> AsyncIterator[Party]:
    async with (
        running(data, keep_replays="no", **settings) as server,
        Browser(server.url) as person,
    ):
        room = await person.create_room()
        go_live(server, room, 16)
        yield Party(server, room, person, gate)


async def test_ranges(party: Party) -> None:
    """Safari asks for `bytes=0-1` first, and plays nothing without 206."""
    clip = await publish_clip(party.person, party.room)
    status, headers, whole = await party.ask(clip["video"])
    size = len(whole)
    assert (status, headers["Content-Length"]) == (200, str(size))
    assert (headers["Content-Type"], headers["Accept-Ranges"]) == ("video/mp4", "bytes")
    for sent, (start, end) in (
        ("bytes=0-1", (0, 2)),
        (f"bytes={size - 5}-", (size - 5, size)),
        ("bytes=-7", (size - 7, size)),
        ("bytes=100-999999999", (100, size)),
    ):
        status, headers, part = await party.ask(clip["video"], Range=sent)
        assert (status, part) == (206, whole[start:end])
        assert headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
        assert headers["Content-Length"] == str(end - start)


async def test_a_range_that_makes_no_sense(party: Party) -> None:
    clip = await publish_clip(party.person, party.room)
    draft = await make_clip(party.person, party.room)
    for video in (clip["video"], draft["video"]):
        for sent in ("bytes=9999999-", "bytes=5-4", "bytes=x-y", "bytes=-0"):
            status, headers, body = await party.ask(video, Range=sent)
            assert status == 416 and b"bad_range" in body
            assert headers["Content-Range"].startswith("bytes */")


async def test_a_draft_has_ranges_too(party: Party) -> None:
    draft = await make_clip(party.person, party.room)
    _, headers, whole = await party.ask(draft["video"])
    assert headers["Cache-Control"] == "private, max-age=300"
    status, _, part = await party.ask(draft["video"], Range="bytes=0-1")
    assert (status, part) == (206, whole[:2])


async def test_caching(party: Party) -> None:
    clip = await publish_clip(party.person, party.room)
    _, headers, whole = await party.ask(clip["video"])
    assert headers["Cache-Control"] == "public, max-age=31536000, s-maxage=60, immutable"
    etag = headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        status, headers, body = await party.ask(clip["video"], If_None_Match=known)
        assert (status, body, headers["ETag"]) == (304, b"", etag)
    assert (await party.ask(clip["video"], If_None_Match='"other"'))[0] == 200
    assert (await party.ask(clip["video"], If_Range=etag, Range="bytes=0-1"))[0] == 206
    status, _, body = await party.ask(clip["video"], If_Range='"other"', Range="bytes=0-1")
    assert (status, body) == (200, whole)
    path = f"/api/clips/{clip['id']}"
    await party.person.ask("PATCH", path, {"visibility": "private"})
    _, headers, _ = await party.ask(clip["video"])
    assert headers["Cache-Control"] == "private, max-age=300"


async def test_head(party: Party) -> None:
    clip = await publish_clip(party.person, party.room)
    url = party.server.url + clip["video"]
    async with party.person.http.head(url) as response:
        assert (response.status, await response.read()) == (200, b"")
        length = int(response.headers["Content-Length"])
    assert length == len((await party.ask(clip["video"]))[2])


async def test_a_download_has_a_name(party: Party) -> None:
    clip = await publish_clip(party.person, party.room, title='../../a "b"\\민지')
    _, headers, _ = await party.ask(f"{clip['video']}?download")
    value = headers["Content-Disposition"]
    ascii_name, _, encoded = value.partition("; filename*=UTF-8''")
    assert ascii_name == f'attachment; filename="clip-{clip["id"]}.mp4"'
    assert unquote(encoded) == f"a b 민지 {clip['id']}.mp4"


@pytest.mark.parametrize(
    "title", ["", "...", "/etc/passwd", "a\r\nSet-Cookie: x", 'x"; filename="y', "C:\\x", "♥" * 99]
)
def test_no_title_makes_a_bad_name(title: str) -> None:
    value = disposition(ClipFile("abc", 1, title, True), "video.mp4")
    assert value.isascii() and value.isprintable() and value.count('"') == 2
    name = unquote(value.partition("UTF-8''")[2])
    assert name.endswith(" abc.mp4") and not set(name) & set('/\\:"<>|?*\r\n')
    assert not name.startswith(".") and len(name.encode()) < 255


async def test_files_that_do_not_exist(party: Party) -> None:
    clip = await publish_clip(party.person, party.room)
    for name in (
        *("1/other.mp4", "1/..%2F..%2Fmicrolive.sqlite3", "2/video.mp4", "0/video.mp4"),
        *("-1/video.mp4", "1e0/video.mp4", "1/video.mp4%00", "1/VIDEO.MP4", "9999999999/video.mp4"),
    ):
        assert (await party.ask(f"/clips/{clip['id']}/{name}"))[0] == 404


# The object store


async def test_s3_gives_the_file_itself(on_s3: Party) -> None:
    """The server redirects to a URL that is valid for five minutes. A download comes from the
    server, with the file name of the clip.
    """
    clip = await publish_clip(on_s3.person, on_s3.room)
    status, headers, _ = await on_s3.ask(clip["video"])
    assert (status, headers["Cache-Control"]) == (302, "public, max-age=60")
    url = headers["Location"]
    async with on_s3.person.http.get(f"{on_s3.server.url}/") as response:
        policy = response.headers["Content-Security-Policy"]
    assert f"media-src 'self' blob: {URL(url).origin()};" in policy
    assert "X-Amz-Expires=300" in url
    async with on_s3.person.http.get(url) as response:
        assert response.headers["Content-Type"] == "video/mp4"
        whole = await response.read()
    status, headers, body = await on_s3.ask(f"{clip['video']}?download", Range="bytes=5-300000")
    assert (status, body) == (206, whole[5:300_001])
    assert "attachment" in headers["Content-Disposition"]
    path = f"/api/clips/{clip['id']}"
    await on_s3.person.ask("PATCH", path, {"visibility": "private"})
    assert (await on_s3.ask(clip["video"]))[1]["Cache-Control"] == "no-store"
    await on_s3.person.ask("DELETE", path)
    assert (await on_s3.ask(clip["video"]))[0] == 404


@pytest.mark.parametrize("fault", [full, lose])
async def test_a_store_that_is_full_or_loses_a_file(on_s3: Party, fault: Any) -> None:
    """The draft remains, and can be finished when the store works again. No object is left."""
    assert on_s3.gate is not None
    draft = await make_clip(on_s3.person, on_s3.room)
    path, body = f"/api/clips/{draft['id']}", {"start": 14 * S, "end": 20 * S}
    on_s3.gate.fault = fault
    assert await refusal(on_s3.person, "PUT", path, body) == (503, "media_unavailable")
    _, found = await on_s3.person.ask("GET", path)
    assert found["state"] == "draft"
    on_s3.gate.fault = None
    status, clip = await on_s3.person.ask("PUT", path, body)
    assert (status, clip["video"]) == (200, f"/clips/{draft['id']}/2/video.mp4")
    objects = on_s3.server.objects
    await settled(on_s3.server.clips)
    stored = {one.key for one in await objects.list(f"clips/{draft['id']}/")}
    names = ("video.mp4", "poster.jpg", "poster.webp", "preview.webp", "filmstrip.jpg")
    assert stored == {f"clips/{draft['id']}/2/{name}" for name in names}


async def test_a_store_that_is_away(on_s3: Party) -> None:
    """Requests get a clear answer, and clips can still be drafted, listed and deleted."""
    assert on_s3.gate is not None
    clip = await publish_clip(on_s3.person, on_s3.room)
    on_s3.gate.fault = _away
    draft = await make_clip(on_s3.person, on_s3.room)
    assert (await on_s3.ask(draft["video"]))[0] == 200
    body = {"start": 14 * S, "end": 20 * S}
    path = f"/api/clips/{draft['id']}"
    assert await refusal(on_s3.person, "PUT", path, body) == (503, "media_unavailable")
    assert (await on_s3.ask(f"{clip['video']}?download"))[0] == 503
    listed = f"/api/rooms/{on_s3.room.name}/clips"
    assert len((await on_s3.person.ask("GET", listed))[1]["clips"]) == 1
    assert await on_s3.person.status("DELETE", f"/api/clips/{clip['id']}") == 204
