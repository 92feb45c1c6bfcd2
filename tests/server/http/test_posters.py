"""`/r/{room}/poster.…`, the card of a room and `/api/oembed`."""

import time
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from PIL import Image

from relay.media import h264
from server.clips.picture_messages import MAX_PREVIEW
from server.posters import posters
from server.rooms.life import State
from tests.fixtures.deadline import eventually
from tests.fixtures.media import access_units, luma_of, video_sample, video_track
from tests.fixtures.server import NewRoom, Server, running

HTML = {"Accept": "text/html"}


@pytest_asyncio.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setattr(posters, "FIRST_AFTER", 0.0)
    async with running(tmp_path, max_lookups_per_address_minute=10_000) as server:
        yield server


async def go_live(server: Server, frame: int = 0, **body: str) -> NewRoom:
    """Returns a live of 64 × 48 pixels with one keyframe."""
    room = await server.create(**body)
    stream = server.stream(room)
    stream.set_track(video_track(), 0)
    publish(server, room, frame, 0)
    server.room(room).state = State.LIVE
    return room


def publish(server: Server, room: NewRoom, frame: int, pts: int) -> None:
    unit = h264.access_unit(access_units(gop=1)[frame])
    now = time.time_ns() // 1_000
    server.stream(room).publish(video_sample(pts, key=True, data=unit.data, publish=now))


async def listed(server: Server, room: NewRoom) -> dict[str, Any]:
    async with server.http.get(f"{server.url}/api/rooms") as response:
        rooms = (await response.json())["rooms"]
    return next((each for each in rooms if each["room"] == room.name), {})


async def first_poster(server: Server, room: NewRoom) -> str:
    """Returns the URL path of the poster, once the live has a poster."""
    await eventually(lambda: server.posters.find(room.name), 30)
    return str((await listed(server, room)).get("poster"))


def tags(page: str) -> dict[str, str]:
    """Returns the Open Graph and Twitter tags of a page, and the oEmbed link."""
    found: dict[str, str] = {}

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            values = {name: value or "" for name, value in attrs}
            name = values.get("property") or values.get("name", "")
            if tag == "meta" and name.startswith(("og:", "twitter:")):
                found[name] = values["content"]
            if values.get("type") == "application/json+oembed":
                found["oembed"] = values["href"]

    Parser().feed(page)
    return found


async def card_of(server: Server, path: str) -> dict[str, str]:
    async with server.http.get(server.url + path, headers=HTML) as response:
        return tags(await response.text())


async def test_the_poster_and_the_card_of_a_live(server: Server) -> None:
    room = await go_live(server, title='A "run" <1>')
    assert (await listed(server, room))["poster"] is None
    assert "og:image" not in await card_of(server, f"/r/{room.name}")
    assert await server.status("GET", f"/r/{room.name}/poster.jpg") == 204
    path = await first_poster(server, room)
    for url, kind in ((path, "jpeg"), (path.replace(".jpg", ".webp"), "webp")):
        async with server.http.get(server.url + url) as response:
            assert response.status == 200
            assert response.content_type == f"image/{kind}"
            assert response.headers["Cache-Control"] == "public, max-age=10"
            assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            picture = Image.open(BytesIO(await response.read()))
        assert picture.size == (64, 48)
        middle = picture.convert("L").tobytes()[64 * 20 + 30]
        assert abs(middle - (luma_of(0) - 16) * 255 / 219) < 8
    preview = path.partition("?")[0].replace("poster.jpg", "preview.webp")
    async with server.http.get(server.url + preview) as response:
        assert (response.status, response.content_type) == (200, "image/webp")
        assert 0 < len(await response.read()) <= MAX_PREVIEW
    card = await card_of(server, f"/r/{room.name}")
    assert card["og:title"] == 'A "run" <1>'
    assert card["og:url"] == f"{server.url}/r/{room.name}"
    assert card["og:image"] == server.url + path
    assert (card["og:image:width"], card["og:image:height"]) == ("64", "48")
    assert card["twitter:card"] == "summary_large_image"
    assert "og:video" not in card
    async with server.http.get(card["oembed"]) as response:
        answer = await response.json()
    assert (answer["title"], answer["thumbnail_url"]) == ('A "run" <1>', server.url + path)
    await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer)
    assert await server.status("GET", path) == 404
    assert await server.status("GET", card["oembed"].removeprefix(server.url)) == 404


async def test_only_who_may_watch_gets_a_poster(server: Server) -> None:
    """An unlisted live has a poster for those with its link, but no card."""
    private, unlisted = [
        await go_live(server, visibility=visibility) for visibility in ("private", "unlisted")
    ]
    for room in (private, unlisted):
        await first_poster(server, room)
    for name in ("poster.jpg", "preview.webp"):
        assert await server.status("GET", f"/r/{private.name}/{name}") == 403
    assert await card_of(server, f"/r/{unlisted.name}") == {}
    for room in (private, unlisted):
        link = quote(f"{server.url}/r/{room.name}", safe="")
        assert await server.status("GET", f"/api/oembed?url={link}") == 404
    async with server.http.get(f"{server.url}/r/{unlisted.name}/poster.webp") as response:
        assert response.headers["Cache-Control"] == "no-store"
    for path in (f"/r/{unlisted.name}/poster.png", "/r/nosuch/poster.jpg"):
        assert await server.status("GET", path) == 404


QUERIES = (
    ("", 400),
    ("url=", 400),
    ("url={url}/r/{room}&format=xml", 400),
    ("url={url}/r/{room}&maxwidth=0", 400),
    ("url={url}/r/{room}&maxwidth=99999", 400),
    ("url={url}/r/{room}&maxheight=1e3", 400),
    ("url={url}/r/{room}&maxwidth=٣", 400),
    ("url={url}/" + "x" * 500, 400),
    ("url={url}/r/{room}/poster.jpg", 404),
    ("url={url}/r/nosuch", 404),
    ("url={url}/r/..%252f", 404),
    ("url={url}/live", 404),
    ("url=https://elsewhere.example/r/{room}", 404),
    ("url=javascript:alert(1)", 404),
    ("url=http://[", 404),
    ("url={url}/r/{room}&maxwidth=320&format=json", 200),
)


async def test_what_oembed_describes(server: Server) -> None:
    room = await server.create(title="Run")
    for query, status in QUERIES:
        text = query.format(url=server.url, room=room.name)
        assert await server.status("GET", f"/api/oembed?{text}") == status, query
