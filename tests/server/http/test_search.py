"""The search, as API.md describes it."""

import asyncio
from typing import Any

import pytest

from server.discovery import search as module
from server.rooms.life import RoomEvent
from tests.fixtures.people import Browser
from tests.fixtures.server import Server
from tests.server.storage.discovered import add_clip, add_person


async def search(browser: Browser, query: str) -> dict[str, list[Any]]:
    status, found = await browser.ask("GET", f"/api/search?q={query}")
    assert status == 200
    answer: dict[str, list[Any]] = found
    return answer


async def search_until_found(browser: Browser, query: str) -> list[Any]:
    """Returns the items, once the live is stored as live."""
    async with asyncio.timeout(20):
        while True:
            items = (await search(browser, query))["items"]
            if items:
                return items
            await asyncio.sleep(0.02)


async def test_people_lives_clips_and_tags_are_found(server: Server, browser: Browser) -> None:
    """Two Korean letters suffice. Lives that run now are first."""
    await browser.ask("PUT", "/api/me/handle", {"handle": "먹깨비"})
    room = await browser.create_room(title="오늘의 #먹방")
    server.room(room).happen(RoomEvent.MEDIA_CAME)
    [live] = await search_until_found(browser, "먹방")
    assert (live["kind"], live["url"]) == ("live", f"/r/{room.name}")
    assert live["creator"]["handle"] == "먹깨비"
    assert live["live_since"].endswith("Z")
    person = await browser.person()
    await add_clip(server.storage, "c1", "먹방 클립", creator=person["id"], at=9e9)
    found = await search(browser, "먹방")
    assert [item["kind"] for item in found["items"]] == ["live", "clip"]
    assert found["tags"] == [{"tag": "먹방", "name": "먹방"}]
    assert found["people"] == []
    found = await search(browser, "깨비")
    assert found == {"people": [person], "items": [], "tags": []}


async def test_a_whole_handle_or_tag_is_found_among_many(
    server: Server, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although only the latest people and tags are compared with the query."""
    monkeypatch.setattr(module, "CANDIDATES", 1)
    for at, name in enumerate(("minji", "minjiworld")):
        await add_person(server.storage, name, name)
        await add_clip(server.storage, name, f"#{name}", at=float(at))
    for query in ("minji", "@Minji"):
        assert (await search(browser, query))["people"][0]["handle"] == "minji"
    for query in ("minji", "%23MINJI"):
        assert (await search(browser, query))["tags"][0]["tag"] == "minji"
    assert [tag["tag"] for tag in (await search(browser, "minj"))["tags"]] == ["minjiworld"]


async def test_a_live_that_ends_is_no_longer_found(server: Server, browser: Browser) -> None:
    """It has no replay, because nothing was recorded."""
    await browser.ask("GET", "/api/me")
    room = await browser.create_room(title="zebra")
    server.room(room).happen(RoomEvent.MEDIA_CAME)
    await search_until_found(browser, "zebra")
    assert await browser.status("DELETE", f"/api/rooms/{room.name}") == 204
    assert (await search(browser, "zebra"))["items"] == []


async def test_what_is_not_public_is_not_found(server: Server, browser: Browser) -> None:
    unlisted = await browser.create_room(title="#secret zebra", visibility="unlisted")
    private = await browser.create_room(title="#secret zebra", visibility="private")
    public = await browser.create_room(title="public zebra")
    for room in (unlisted, private, public):
        server.room(room).happen(RoomEvent.MEDIA_CAME)
    [found] = await search_until_found(browser, "zebra")
    assert found["id"] == public.name
    assert (await search(browser, "secret"))["tags"] == []


async def test_queries_that_find_nothing(browser: Browser) -> None:
    nothing: dict[str, list[Any]] = {"people": [], "items": [], "tags": []}
    for query in (
        "",
        "%20",
        "!?",
        "%00",
        "%ED%A0%80",
        "%E2%80%AE",
        "a" * 200,
        "%23",
        "%25' OR 1=1",
    ):
        assert await search(browser, query) == nothing, query


async def test_a_query_that_is_too_long(browser: Browser) -> None:
    status, answer = await browser.ask("GET", f"/api/search?q={'a' * 201}")
    assert (status, answer["code"]) == (422, "query_too_long")
