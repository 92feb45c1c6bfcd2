"""The Atom feed of a person."""

import time
from xml.etree.ElementTree import Element, fromstring

from server.site.atom import NAMESPACE
from server.storage.clip_record import ClipRecord
from server.storage.clips import ClipLimits
from tests.fixtures import recorded
from tests.fixtures.people import Browser
from tests.fixtures.server import Server

ATOM = f"{{{NAMESPACE}}}"
NASTY = '</title> & <b>"춤"</b>'


async def add_clip(
    server: Server, creator: str, name: str, *, visibility: str = "public", **values: str
) -> None:
    """Stores a published clip without files."""
    now = time.time()
    record = ClipRecord(
        id=name,
        room="room",
        creator=creator,
        person=None,
        title=values.get("title", "A clip"),
        caption="",
        state=values.get("state", "published"),
        visibility=visibility,
        source="viewer",
        media_time=10_000_000,
        duration=30_000_000,
        width=48,
        height=64,
        bytes=0,
        pictures=True,
        revision=1,
        server="",
        created_at=now,
        published_at=now,
    )
    await server.storage.clips.add(record, ClipLimits(1_000, 1_000))


async def add_replay(server: Server, owner: str, room: str, visibility: str = "public") -> None:
    storage = server.storage
    media = recorded.recorded(1)
    await recorded.store(storage, server.objects, media, room=room, visibility=visibility)
    await storage.rooms.change(room, owner=owner)


async def creator_with_items(server: Server, browser: Browser) -> str:
    """Stores two public items of the browser's person, and others that are not public. Returns the
    id of the person.
    """
    await browser.ask("PUT", "/api/me/handle", {"handle": "하늘별"})
    person = str((await browser.person())["id"])
    await add_clip(server, person, "public-clip", title=NASTY)
    await add_clip(server, person, "unlisted-clip", visibility="unlisted")
    await add_clip(server, person, "private-clip", visibility="private")
    await add_clip(server, person, "waiting-clip", state="waiting")
    await add_clip(server, "another-person", "foreign-clip")
    await add_replay(server, person, "public-replay")
    await add_replay(server, person, "unlisted-replay", "unlisted")
    await add_replay(server, person, "private-replay", "private")
    return person


async def read_feed(server: Server, path: str) -> Element:
    async with server.http.get(server.url + path) as response:
        assert response.status == 200
        assert response.content_type == "application/atom+xml"
        return fromstring(await response.read())


async def test_the_feed_has_public_items_only_and_escapes_titles(
    server: Server, browser: Browser
) -> None:
    await creator_with_items(server, browser)
    assert await browser.status("PATCH", "/api/me", {"bio": "<i>A & B</i>"}) == 200
    root = await read_feed(server, "/@하늘별/feed.xml")
    assert root.findtext(f"{ATOM}subtitle") == "<i>A & B</i>"
    entries = {
        entry.findtext(f"{ATOM}id"): entry.findtext(f"{ATOM}title")
        for entry in root.iterfind(f"{ATOM}entry")
    }
    assert entries == {
        f"{server.url}/c/public-clip": NASTY,
        f"{server.url}/v/public-replay": recorded.ROOM.title,
    }
    page = root.findtext(f"{ATOM}id")
    assert page == f"{server.url}/@%ED%95%98%EB%8A%98%EB%B3%84"
    async with server.http.get(f"{server.url}/@하늘별") as response:
        text = await response.text()
    assert '<link rel="alternate" type="application/atom+xml"' in text
    assert "/@%ED%95%98%EB%8A%98%EB%B3%84/feed.xml" in text


async def test_a_guessed_handle_has_no_feed(server: Server) -> None:
    for handle in ("none", "%00", "a" * 2_000, "..%2f.."):
        assert await server.status("GET", f"/@{handle}/feed.xml") == 404, handle
