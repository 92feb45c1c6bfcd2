"""axe-core finds no serious violation on any page, in either language, on a phone held upright or
sideways, and on a computer.
"""

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import EYES, Room, Studio, Visitors

SIZES = ((390, 844), (844, 390), (1280, 800))
SERIOUS = ("serious", "critical")
OPTIONS = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
LANGUAGES = ("en", "ko")


async def check(page: Page, where: str, sizes: tuple[tuple[int, int], ...] = SIZES) -> list[str]:
    """Returns the serious violations of the page at each size."""
    found = []
    for width, height in sizes:
        await page.set_viewport_size({"width": width, "height": height})
        results = await Axe().run(page, options=OPTIONS)
        found += [
            f"{where} {width}×{height}: {violation['id']}: {node['target']}: {node['html'][:120]}"
            for violation in results.response["violations"]
            if violation["impact"] in SERIOUS
            for node in violation["nodes"]
        ]
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def handle(server: LocalServer) -> AsyncIterator[str]:
    """The path of a public page with a bio, a link and an announced live."""
    origin = {"Origin": server.url}
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers=origin) as http:
        async with http.put(f"{server.url}/api/me/handle", json={"handle": "수아"}) as response:
            assert response.status == 200
        page = {"bio": "춤을 춰요", "link": "https://a.example"}
        async with http.patch(f"{server.url}/api/me", json=page) as response:
            assert response.status == 200
        live = {"title": "춤 배우기", "starts_at": time.time() + 3_600}
        async with http.post(f"{server.url}/api/announcements", json=live) as response:
            assert response.status == 201
        yield "/@수아"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_pages_of_people(
    visitors: Visitors, server: LocalServer, handle: str, language: str
) -> None:
    visitors.complaints.allow("404")
    page = await visitors.page(server.url, locale=language, reduced_motion="reduce")
    await until(page, "document.body.dataset.feed !== 'loading'")
    found = await check(page, "feed")
    await page.goto(f"{server.url}/explore")
    await until(page, "document.body.dataset.explore !== 'loading'")
    found += await check(page, "explore")
    for path in (handle, "/t/춤", "/r/nothing"):
        await page.goto(server.url + path)
        found += await check(page, path)
    await page.goto(f"{server.url}/me")
    await until(page, "document.body.dataset.screen === 'ready'")
    await page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    found += await check(page, "/me")
    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_studio_and_room(visitors: Visitors, server: LocalServer, language: str) -> None:
    page = await visitors.page(f"{server.url}/live", locale=language, reduced_motion="reduce")
    studio = Studio(page)
    await until(page, "document.body.dataset.screen === 'ready'")
    found = await check(page, "studio, ready")
    await studio.go_live("A test")
    found += await check(page, "studio, live")
    groups = "document.querySelectorAll('#settings-dialog details')"
    await page.evaluate(f"{groups}.forEach((each) => (each.open = true))")
    for name in ("show-share", "poll", "settings"):
        await page.click(f"#{name}")
        found += await check(page, f"studio, {name}")
        await page.keyboard.press("Escape")
    room = Room(await visitors.page(studio.watch, EYES, locale=language, reduced_motion="reduce"))
    await room.pictured()
    found += await check(room.page, "room")
    await studio.end()
    found += await check(page, "studio, over")
    visitors.complaints.allow("410")
    await room.page.goto(studio.watch)
    found += await check(room.page, "ended")
    assert found == []
