"""Follows, handles and the owners of rooms, as API.md describes them."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.rooms.life import RoomEvent
from tests.fixtures.people import Browser
from tests.fixtures.server import Server, running

TOKEN = "a-create-token-of-this-test"


@pytest_asyncio.fixture
async def creator(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
        yield browser


@pytest_asyncio.fixture
async def fan(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        await browser.ask("GET", "/api/me")
        yield browser


async def test_a_guest_follows_and_unfollows(creator: Browser, fan: Browser) -> None:
    """Only followers can read whom they follow. The number of followers is public."""
    followed = await creator.person()
    path = f"/api/follows/{followed['id']}"
    assert await fan.ask("GET", "/api/me/follows") == (200, {"follows": []})
    for _ in range(2):
        assert await fan.ask("PUT", path) == (200, {"followers": 1})
    assert await fan.ask("GET", "/api/me/follows") == (200, {"follows": [followed]})
    assert await creator.ask("GET", "/api/me/follows") == (200, {"follows": []})
    _, profile = await creator.ask("GET", "/api/handles/다크걸")
    assert profile == {"person": followed, "bio": "", "link": "", "followers": 1, "live": []}
    assert await fan.ask("DELETE", path) == (200, {"followers": 0})
    assert await fan.ask("GET", "/api/me/follows") == (200, {"follows": []})


@pytest.mark.parametrize("person", ["none", "a" * 33, "%00", "..%2f", "다", "a%20b"])
async def test_unknown_people(fan: Browser, person: str) -> None:
    status, refusal = await fan.ask("PUT", f"/api/follows/{person}")
    assert status == 404 and refusal["code"] in ("person_not_found", "not_found")


async def test_follows_that_are_refused(server: Server, creator: Browser) -> None:
    """Refused are follows of oneself, without an own origin, and with a bearer key."""
    path = f"/api/follows/{(await creator.person())['id']}"
    status, refusal = await creator.ask("PUT", path)
    assert (status, refusal["code"]) == (422, "not_yourself")
    assert await creator.status("PUT", path, headers={"Origin": "https://evil.example"}) == 403
    assert await creator.status("PUT", path, headers={"Authorization": "Bearer x"}) == 401
    assert await server.status("PUT", path) == 403


@pytest.mark.parametrize(
    ("handle", "status"),
    [
        *(("다크걸", 200), ("\u1103\u1161크걸", 200), ("none", 404), ("a" * 2_000, 404)),
        *(("%00", 404), ("%ED%A0%80", 404), ("%E2%80%AE", 404), ("@다크걸", 404)),
    ],
    ids=lambda value: ascii(value)[:12],
)
async def test_handles(creator: Browser, handle: str, status: int) -> None:
    """A handle is found in every spelling."""
    assert await creator.status("GET", f"/api/handles/{handle}") == status


async def test_a_banned_person_has_no_page(server: Server, creator: Browser, fan: Browser) -> None:
    """The person still reads the own texts, to change them."""
    person = (await creator.person())["id"]
    paths = ["/@다크걸", "/@다크걸/feed.xml", "/api/handles/다크걸"]
    paths += ["/api/people/다크걸/items", "/api/people/다크걸/announcements"]
    assert [await fan.status("GET", path) for path in paths] == [200] * 5
    bans, now = server.storage.bans, time.time()
    await bans.add_by_operator(person, "ban", now, None, "spam")
    assert [await fan.status("GET", path) for path in paths] == [404] * 5
    assert await creator.status("GET", "/api/handles/다크걸") == 200
    await bans.remove_by_operator(person, now)
    assert [await fan.status("GET", path) for path in paths] == [200] * 5


async def test_a_room_belongs_to_its_creator(
    server: Server, creator: Browser, fan: Browser
) -> None:
    """The owner can end it without the key and on another device. Others cannot."""
    room = await creator.create_room(title="Mine")
    path = f"/api/rooms/{room.name}"
    assert await creator.status("GET", f"{path}/health") == 200
    assert await fan.status("GET", f"{path}/health") == 401
    assert await fan.status("DELETE", path) == 401
    assert await creator.status("DELETE", path, headers={"Origin": "https://evil.example"}) != 204
    assert await creator.status("DELETE", path, headers={"Authorization": "Bearer x"}) == 403
    assert await creator.status("DELETE", path) == 204
    assert await server.state(room) == "ended"


async def test_the_key_still_works(server: Server, creator: Browser) -> None:
    room = await creator.create_room(title="Mine")
    assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204


async def test_a_room_of_a_program_has_no_owner(server: Server, creator: Browser) -> None:
    room = await server.create()
    assert server.room(room).record.owner is None
    path = f"/api/rooms/{room.name}"
    assert await creator.status("DELETE", path) == 401
    assert await server.status("DELETE", path, headers=room.bearer) == 204


async def test_a_guest_who_creates_a_room_is_stored(server: Server, fan: Browser) -> None:
    room = await fan.create_room(title="Mine")
    owner = server.room(room).record.owner
    assert owner == (await fan.person())["id"]
    assert owner and await server.storage.people.find(owner)


async def test_a_page_with_the_create_token_owns_its_room(tmp_path: Path) -> None:
    """The request has the token and the cookie. The Origin header shows that a page sends both."""
    async with running(tmp_path, create="token", create_token=TOKEN) as server:
        async with Browser(server.url) as browser:
            person = await browser.person()
            room = await browser.create_room({"Authorization": f"Bearer {TOKEN}"})
            assert server.room(room).record.owner == person["id"]
            async with server.http.post(
                f"{server.url}/api/rooms",
                headers={"Authorization": f"Bearer {TOKEN}"},
                cookies=browser.cookies,
            ) as response:
                program = await response.json()
            assert server.rooms._rooms[program["room"]].record.owner is None


async def test_a_handle_shows_its_public_lives(server: Server, creator: Browser) -> None:
    idle, live, hidden = [await creator.create_room(title="Mine") for _ in range(3)]
    for room in (live, hidden):
        server.room(room).happen(RoomEvent.MEDIA_CAME)
        await server.storage.rooms.set_live(room.name, 1_800_000_000.0)
    await server.storage.rooms.change(hidden.name, visibility="unlisted")
    _, profile = await creator.ask("GET", "/api/handles/다크걸")
    assert [room["room"] for room in profile["live"]] == [live.name]
    assert profile["live"][0]["state"] == "live" and idle.name != live.name
    assert await creator.status("DELETE", f"/api/rooms/{live.name}") == 204
    _, profile = await creator.ask("GET", "/api/handles/다크걸")
    assert profile["live"] == []
