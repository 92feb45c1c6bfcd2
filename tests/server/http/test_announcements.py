"""Announced lives, as API.md describes them."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from server.rooms.life import RoomEvent
from server.storage.announcements import MAX_OPEN
from tests.fixtures.clips import refusal
from tests.fixtures.people import Browser
from tests.fixtures.server import Server

PATH = "/api/announcements"


@pytest_asyncio.fixture
async def creator(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
        yield browser


async def announce(creator: Browser, starts_in: float = 600, title: str = "Cooking") -> Any:
    body = {"title": title, "starts_at": time.time() + starts_in}
    status, announced = await creator.ask("POST", PATH, body)
    assert status == 201, announced
    return announced


async def test_a_live_is_announced(server: Server, creator: Browser) -> None:
    announced = await announce(creator)
    one = f"{PATH}/{announced['id']}"
    assert creator.headers["Location"] == one
    assert announced["person"] == await creator.person()
    assert (announced["title"], announced["room"]) == ("Cooking", None)
    assert await creator.ask("GET", one) == (200, announced)
    listed = {"announcements": [announced]}
    assert await creator.ask("GET", PATH) == (200, listed)
    assert await creator.ask("GET", "/api/people/다크걸/announcements") == (200, listed)
    assert await creator.status("DELETE", one) == 204
    assert await refusal(creator, "GET", one) == (404, "announcement_not_found")
    assert await refusal(creator, "DELETE", one) == (404, "announcement_not_found")


async def test_a_reminder(server: Server, creator: Browser) -> None:
    """A guest can be reminded, too. Only the number of people is public."""
    one = f"{PATH}/{(await announce(creator))['id']}"
    async with Browser(server.url) as fan:
        await fan.ask("GET", "/api/me")
        for _ in range(2):
            _, reminded = await fan.ask("PUT", f"{one}/reminder")
            assert (reminded["reminded"], reminded["reminders"]) == (True, 1)
        _, seen = await creator.ask("GET", one)
        assert (seen["reminded"], seen["reminders"]) == (False, 1)
        assert await refusal(fan, "DELETE", one) == (404, "announcement_not_found")
        _, forgotten = await fan.ask("DELETE", f"{one}/reminder")
        assert (forgotten["reminded"], forgotten["reminders"]) == (False, 0)
        missing = f"{PATH}/none/reminder"
        assert await refusal(fan, "PUT", missing) == (404, "announcement_not_found")


async def test_announcements_that_are_refused(creator: Browser) -> None:
    soon = time.time() + 600
    bodies: list[dict[str, Any]] = [
        {},
        {"title": "a"},
        {"title": "", "starts_at": soon},
        {"title": " \n ", "starts_at": soon},
        {"title": "a" * 81, "starts_at": soon},
        {"title": "a", "starts_at": soon - 1_200},
        {"title": "a", "starts_at": soon + 61 * 86_400},
        {"title": "a", "starts_at": 1e300},
        {"title": "a", "starts_at": "soon"},
        {"title": "a", "starts_at": soon, "room": "x"},
    ]
    for body in bodies:
        assert await refusal(creator, "POST", PATH, body) == (422, "bad_announcement"), body


async def test_a_guest_announces_no_live(browser: Browser) -> None:
    await browser.ask("GET", "/api/me")
    body = {"title": "a", "starts_at": time.time() + 600}
    assert await refusal(browser, "POST", PATH, body) == (409, "no_handle")


async def test_a_person_announces_few_lives(creator: Browser) -> None:
    for _ in range(MAX_OPEN):
        await announce(creator)
    body = {"title": "a", "starts_at": time.time() + 600}
    assert await refusal(creator, "POST", PATH, body) == (409, "too_many_announcements")


async def test_a_calendar_file(server: Server, creator: Browser) -> None:
    announced = await announce(creator, title="Cooking; with, Mum")
    url = f"{server.url}/announcements/{announced['id']}.ics"
    async with creator.http.get(url) as response:
        text = await response.text()
        assert (response.status, response.content_type) == (200, "text/calendar")
    assert "SUMMARY:Cooking\\; with\\, Mum – 다크걸\r\n" in text
    assert f"UID:{announced['id']}@127.0.0.1\r\n" in text
    for name in ("none.ics", "%00.ics", f"{announced['id']}"):
        assert await creator.status("GET", f"/announcements/{name}") == 404


async def test_the_live_keeps_its_announcement(server: Server, creator: Browser) -> None:
    """The announcement leads to the live as soon as it is on air."""
    announced = await announce(creator)
    room = await creator.create_room(title="Cooking")
    server.room(room).happen(RoomEvent.MEDIA_CAME)
    async with asyncio.timeout(20):
        while announced["room"] is None:
            await asyncio.sleep(0.02)
            _, announced = await creator.ask("GET", f"{PATH}/{announced['id']}")
    assert announced["room"] == room.name
