"""The feed: swiping from one live to the next by thumb, wheel and keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from scripts.benchmarks.chromium import script, until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.creator import LiveRoom, live_room
from tests.e2e.pages import Visitors
from tests.e2e.test_accessibility import OPTIONS, SERIOUS

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 1,
}
RESTS = "microlive.resting() && microlive.at() === {}"
MOVES = "microlive.stats()?.playing && microlive.stats().frames > 5"
ROOM = "new URLSearchParams(location.search).get('at')"
UNSEEN = "document.getAnimations().filter(({ effect }) => effect.target.closest('[inert]')).length"
CONNECTED = "microlive.roles().filter((role) => role === 'play' || role === 'standby').length"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lives(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[str, list[LiveRoom]]]:
    """The URL of a server with three lives."""
    data = tmp_path_factory.mktemp("lives")
    async with LocalServer(data) as server, AsyncExitStack() as stack:
        rooms = [
            await stack.enter_async_context(live_room(server.url, f"Live {number} #song"))
            for number in range(3)
        ]
        yield server.url, rooms


async def drag(page: Page, up: bool) -> None:
    """Swipes up (to the next live) or down with one finger."""
    touch = await page.context.new_cdp_session(page)
    start, end = (700, 180) if up else (180, 700)

    async def send(kind: str, *points: tuple[int, float]) -> None:
        await touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]},
        )

    await send("touchStart", (150, start))
    for step in range(1, 7):
        await send("touchMove", (150, start + (end - start) * step / 6))
    await send("touchEnd")
    await touch.detach()


async def arrives(page: Page, index: int) -> str:
    """Waits until the deck rests at this place and the live moves. Returns the name of the item."""
    await until(page, RESTS.format(index))
    await until(page, MOVES)
    assert await page.evaluate(CONNECTED) <= 3
    name: str = await page.evaluate(ROOM)
    return name


@pytest.mark.timeout(120)
async def test_thumb_wheel_and_keys_move_through_the_feed(
    lives: tuple[str, list[LiveRoom]], visitors: Visitors
) -> None:
    """Each live is another one, the sound stays on, and the way back leads to the same lives. What
    was watched is reported once a swipe.
    """
    url, rooms = lives
    page = await visitors.page(url, script("resources"), **PHONE)
    reported: list[Any] = []
    page.on(
        "request",
        lambda sent: (
            reported.append(sent.post_data_json) if sent.url.endswith("/watched") else None
        ),
    )
    first = await arrives(page, 0)
    assert await page.evaluate("microlive.stats().muted")
    await until(page, "microlive.roles().join() === 'play,standby,poster'")
    assert await page.evaluate(UNSEEN) == 0
    await page.locator(".slide:not([inert]) [data-part='unmute']").click()
    await until(page, "!microlive.stats().muted")

    await drag(page, up=True)
    second = await arrives(page, 1)
    await until(page, "!microlive.stats().muted")
    await page.mouse.move(150, 300)
    await page.mouse.wheel(0, 120)
    third = await arrives(page, 2)
    assert {first, second, third} == {f"live:{room.room}" for room in rooms}
    await until(page, "microlive.roles()[0] === 'poster'")

    await page.keyboard.press("ArrowDown")
    await until(page, RESTS.format(3))
    assert await page.evaluate("document.querySelector('.slide.end').inert") is False
    await page.keyboard.press("k")
    assert await arrives(page, 2) == third
    await drag(page, up=False)
    assert await arrives(page, 1) == second
    await until(page, "resources.count().workers <= 3")  # an old one may be about to end

    assert [sent["id"] for sent in reported] == [
        name.partition(":")[2] for name in (first, second, third, third)
    ]
    assert all(sent["seconds"] >= 0 and sent["kind"] == "live" for sent in reported)

    await page.goto(f"{url}/live")
    await page.go_back()
    assert await arrives(page, 0) == second


@pytest.mark.timeout(120)
async def test_the_feed_explains_itself_and_can_be_changed(
    lives: tuple[str, list[LiveRoom]], visitors: Visitors
) -> None:
    """On a computer, with reduced motion, in Korean: the reasons of an item, another order, the
    taste is forgotten. axe finds nothing serious.
    """
    url, rooms = lives
    link = f"{url}/?at=live:{rooms[2].room}"
    page = await visitors.page(
        link,
        viewport={"width": 1280, "height": 800},
        locale="ko",
        reduced_motion="reduce",
    )
    assert await arrives(page, 0) == f"live:{rooms[2].room}"
    await until(page, "document.querySelector('.slide:not([inert]) .composer') !== null")
    assert await serious(page) == []

    await page.locator(".slide:not([inert]) .why").click()
    await until(page, "document.querySelector('#why-sheet').open")
    assert await serious(page) == []
    await page.click("#why-change")
    await until(page, "document.querySelector('#feed-sheet').open")
    assert await serious(page) == []
    await page.click("#forget")
    await until(page, "document.querySelector('#feed-sheet-note').textContent !== ''")
    await page.check("[name='mode'][value='chronological']")
    await until(page, "!document.querySelector('#feed-sheet').open")
    newest = await arrives(page, 0)
    assert newest == f"live:{rooms[2].room}"
    await page.click("#next")
    assert await arrives(page, 1) == f"live:{rooms[1].room}"

    await page.click("#mode")
    await page.check("[name='mode'][value='follows']")
    await until(page, "document.body.dataset.feed === 'empty'")
    await page.click("#to-for-you")
    await until(page, "document.body.dataset.feed === 'full'")


@pytest.mark.timeout(150)
async def test_a_link_to_a_clip_opens_the_feed_at_the_clip(
    visitors: Visitors, tmp_path: Path
) -> None:
    """The arrow keys jump in the clip, and back in the live after it. A swipe ends the instant
    replay. "Back" leaves the feed at once, and "forward" leads to the item that was seen last.
    """
    async with LocalServer(tmp_path) as server, live_room(server.url, "A live") as live:
        clip, page = await asyncio.gather(
            publish_clip(server.url, live), visitors.page(f"{server.url}/explore", **PHONE)
        )
        link = f"clip:{clip}"
        await page.goto(f"{server.url}/?at={link}")
        assert await arrives(page, 0) == link
        await page.keyboard.press("p")
        await until(page, "!microlive.stats().playing")
        for _ in range(2):
            await page.keyboard.press("ArrowLeft")
        await until(page, "microlive.stats().position === 0")
        await page.keyboard.press("ArrowRight")
        await until(page, "Math.abs(microlive.stats().position - 5_000) < 100")

        await page.keyboard.press("j")
        assert await arrives(page, 1) == f"live:{live.room}"
        await page.keyboard.press("ArrowLeft")
        await until(page, "document.querySelector('.rewound')?.readyState >= 2")
        await page.keyboard.press("k")
        assert await arrives(page, 0) == link
        assert await page.evaluate("document.querySelector('.rewound')") is None

        await page.go_back()
        assert page.url == f"{server.url}/explore"
        await page.go_forward()
        assert await arrives(page, 0) == link
        await page.close()


async def publish_clip(url: str, live: LiveRoom) -> str:
    """Publishes a clip of 6 s once the live is long enough. Returns its id."""
    room = f"/api/rooms/{live.room}"
    headers = {"Authorization": f"Bearer {live.key}"}
    async with ClientSession(url, headers=headers) as http, asyncio.timeout(60):

        async def read(path: str) -> Any:
            async with http.get(path) as response:
                return await response.json()

        async def length() -> int:
            window = await read(f"{room}/window")
            return int(window.get("end", 0)) - int(window.get("start", 0))

        while await length() < 7_000_000:  # noqa: ASYNC110 (has no event)
            await asyncio.sleep(0.2)
        body = {"seconds": 6, "publish": True, "title": "A clip"}
        async with http.post(f"{room}/clips", json=body) as response:
            clip = await response.json()
            assert response.status == 201, clip
        while clip["state"] != "published":
            await asyncio.sleep(0.1)
            clip = await read(f"/api/clips/{clip['id']}")
        return str(clip["id"])


async def serious(page: Page) -> list[str]:
    results = await Axe().run(page, options=OPTIONS)
    return [
        f"{violation['id']}: {node['target']}: {node['html'][:120]}"
        for violation in results.response["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
