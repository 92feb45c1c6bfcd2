"""Two servers on one PostgreSQL: the feed of the one shows what the other knows."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from server.feed import candidates, shared_activity
from server.rooms.life import RoomEvent
from server.storage.feed import FeedStore
from tests.fixtures.people import Browser
from tests.fixtures.postgres import Postgres
from tests.fixtures.server import Server, running


@pytest_asyncio.fixture
async def servers(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Server, Server]]:
    for name in ("FRESH", "LIVES_EVERY", "RECORDED_EVERY"):
        monkeypatch.setattr(candidates, name, 0.0)
    monkeypatch.setattr(candidates, "SHARE", 1.0)
    monkeypatch.setattr(shared_activity, "EVERY", 0.1)
    with postgres.database() as url:
        async with (
            running(tmp_path / "one", database=url) as one,
            running(tmp_path / "two", database=url) as two,
        ):
            yield one, two


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 (the condition has no event)
            await asyncio.sleep(0.02)


async def items(browser: Browser, query: str = "") -> list[dict[str, Any]]:
    status, answer = await browser.ask("GET", f"/api/feed?{query}")
    assert status == 200, answer
    found: list[dict[str, Any]] = answer["items"]
    return found


async def test_lives_tastes_and_cursors_are_the_same_at_both(
    servers: tuple[Server, Server],
) -> None:
    one, two = servers
    async with Browser(one.url) as creator, Browser(two.url) as viewer:
        assert await viewer.status("PUT", "/api/me/handle", {"handle": "sam"}) == 200
        rooms = [await creator.create_room(title=f"#ramen {number}") for number in range(2)]
        for room in rooms:
            one.room(room).happen(RoomEvent.MEDIA_CAME)

        async def both_are_shown() -> bool:
            return len(await items(viewer)) == 2

        await until(both_are_shown)
        activity = one.room(rooms[0]).social.activity
        activity.viewer_joined(1, "fan", True)
        activity.join("fan")
        activity.react("fan", 0)
        store = FeedStore(two.storage.database, two.storage.rooms.server)

        async def the_fan_is_known() -> bool:
            lives = {live.id: live for live in await store.other_lives(time.time(), 10)}
            live = lives[rooms[0].name]
            return (live.viewers, live.arrivals, live.reactors) == (1, 1, 1)

        await until(the_fan_is_known)
        _, page = await viewer.ask("GET", "/api/feed?limit=1")
        async with Browser(one.url, cookie=viewer.cookie) as same:
            (other,) = await items(same, f"cursor={page['cursor']}")
            assert other["id"] != page["items"][0]["id"], "the cursor of the other server"

            body = {"kind": "live", "id": other["id"], "seconds": 300}
            assert await viewer.status("POST", "/api/feed/watched", body) == 204
            assert await same.status("POST", "/api/feed/watched", body) == 204
            for browser in (viewer, same):
                _, taste = await browser.ask("GET", "/api/taste")
                assert list(taste["taste"]["t"]) == ["ramen"]
            assert await same.status("DELETE", "/api/taste") == 204
            for browser in (viewer, same):
                assert (await browser.ask("GET", "/api/taste"))[1]["taste"] == {}
                codes = {each["code"] for item in await items(browser) for each in item["reasons"]}
                assert "seen" not in codes

        path = f"/api/rooms/{rooms[0].name}"
        assert await creator.status("DELETE", path, headers=rooms[0].bearer) == 204

        async def one_is_left() -> bool:
            return [item["id"] for item in await items(viewer)] == [rooms[1].name]

        await until(one_is_left)
