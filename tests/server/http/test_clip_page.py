"""The pages of clips and their QR codes."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fixtures.clips import go_live, make_clip, publish_clip
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server

HTML = {"Accept": "text/html"}


@pytest_asyncio.fixture
async def creator(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as creator:
        await creator.person()
        yield creator


@pytest_asyncio.fixture
async def viewer(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as viewer:
        await viewer.person()
        yield viewer


async def live(server: Server, creator: Browser, **settings: str) -> NewRoom:
    """Returns a room that is on air, with these settings."""
    room = await creator.create_room(title="A title")
    go_live(server, room)
    if settings:
        status, _ = await creator.ask("PATCH", f"/api/rooms/{room.name}", settings)
        assert status == 200
    return room


async def read(person: Browser, path: str) -> tuple[int, str, str]:
    """Returns status, Cache-Control and text of a page."""
    async with person.http.get(person.url + path, headers=HTML) as response:
        return response.status, response.headers["Cache-Control"], await response.text()


@pytest.mark.parametrize("handle", [True, False])
async def test_a_page_plays_and_leads_to_the_creator(
    server: Server, creator: Browser, viewer: Browser, handle: bool
) -> None:
    """The page of a published clip has the video, the creator, and the creator's lives."""
    if handle:
        await creator.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
    room = await live(server, creator)
    clip = await publish_clip(viewer, room, title="<script>alert(1)</script>")
    status, caching, text = await read(viewer, f"/c/{clip['id']}")
    assert (status, caching) == (200, "no-cache")
    assert f'src="{clip["video"]}"' in text and f'data-start="{clip["start"]}"' in text
    assert f'href="/r/{room.name}"' in text and "<script>alert" not in text
    assert ('href="/@다크걸"' in text) is handle
    async with Browser(server.url) as stranger:
        assert (await read(stranger, f"/c/{clip['id']}"))[0] == 200
    await creator.ask("DELETE", f"/api/rooms/{room.name}")
    _, _, text = await read(viewer, f"/c/{clip['id']}")
    assert f'href="/r/{room.name}"' not in text


async def test_a_waiting_clip_has_a_page_for_its_people_only(
    server: Server, creator: Browser, viewer: Browser
) -> None:
    room = await live(server, creator, clips="approve")
    clip = await publish_clip(viewer, room)
    path = f"/c/{clip['id']}"
    async with Browser(server.url) as stranger:
        for person, expected in ((viewer, 200), (creator, 200), (stranger, 404)):
            status, caching, text = await read(person, path)
            assert status == expected
            assert ("once the creator has approved it" in text) is (expected == 200)
            assert caching == "no-store"
        assert (await creator.ask("POST", f"/api/clips/{clip['id']}/approve", {}))[0] == 200
        assert (await read(stranger, path))[0] == 200


async def test_nothing_else_has_a_page(server: Server, creator: Browser, viewer: Browser) -> None:
    """Drafts, deleted clips, guessed ids and clips of private lives look like missing clips."""
    room = await live(server, creator)
    draft = await make_clip(viewer, room)
    gone = await publish_clip(viewer, room)
    assert (await viewer.ask("DELETE", f"/api/clips/{gone['id']}"))[0] == 204
    for id in (draft["id"], gone["id"], "AAAAAAAAAAAAAAAA", "x", "..%2fme"):
        status, _, text = await read(viewer, f"/c/{id}")
        assert (status, "There is no clip at this address" in text) == (404, True), id
    secret = await publish_clip(creator, await live(server, creator, visibility="private"))
    assert (await read(creator, f"/c/{secret['id']}"))[:2] == (200, "no-store")
    for path in (f"/c/{secret['id']}", f"/api/clips/{secret['id']}/qr.svg"):
        assert (await read(viewer, path))[0] == 404


async def test_a_clip_has_a_qr_code(server: Server, creator: Browser, viewer: Browser) -> None:
    clip = await publish_clip(viewer, await live(server, creator))
    path = f"/api/clips/{clip['id']}/qr.svg"
    async with viewer.http.get(viewer.url + path) as response:
        assert (response.status, response.content_type) == (200, "image/svg+xml")
        assert response.headers["Cache-Control"].startswith("private")
        assert "<svg" in await response.text()
