"""The first picture of a viewer who opens a link (web/room.html)."""

import asyncio

from aiohttp import ClientSession
from playwright.async_api import Page, Route

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.creator import creator
from tests.e2e.pages import WITHIN, Visitors

SHOWN = """new Promise((resolve) => {
    const look = () => {
        const [still, screen] = ['#still', '.screen'].map((one) => document.querySelector(one));
        const size = screen?.tagName === 'CANVAS' ? screen.width : screen?.videoWidth;
        if (still?.hidden === false || size === 360)
            resolve((still.hidden ? screen : still).getBoundingClientRect().toJSON());
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""
"""The place of the picture at the first rendering of the page that contains a picture."""
TITLE = "document.querySelector('h1').checkVisibility()"
SIZE = "getComputedStyle(document.querySelector('h1')).fontSize"
STILL = """(() => {
    const { hidden, width, height } = document.querySelector('#still');
    return !hidden && [width, height].join();
})()"""


async def hold(page: Page, files: str) -> asyncio.Event:
    """Delays the requests of a page for `files` until the event is set."""
    arrived = asyncio.Event()

    async def wait(route: Route) -> None:
        await arrived.wait()
        await route.continue_()

    await page.route(files, wait)
    return arrived


async def contains_keyframe(watch: str) -> None:
    """Waits until the page of a room contains a keyframe."""
    async with ClientSession() as http, asyncio.timeout(WITHIN):
        while True:
            async with http.get(watch) as answer:
                if 'id="first-frame"' in await answer.text():
                    return
            await asyncio.sleep(0.05)


async def test_the_first_picture_waits_for_no_style_sheet(
    visitors: Visitors, server: LocalServer
) -> None:
    """Until the style sheets arrive, the picture fills the page and no control appears."""
    async with creator(server.url, "A test") as watch:
        room = await visitors.room("about:blank")
        arrived = await hold(room.page, "**/css/*.css")
        await room.page.goto(watch, wait_until="commit")
        async with asyncio.timeout(WITHIN):
            place = await room.page.evaluate(SHOWN)
        assert [place[name] for name in ("x", "y", "width", "height")] == [0, 0, 480, 270]
        await room.pictured()
        assert not await room.page.evaluate(TITLE)
        arrived.set()
        await until(room.page, TITLE)
        assert await room.page.evaluate(SIZE) == "17px"


async def test_the_keyframe_in_the_page_needs_no_other_file(
    visitors: Visitors, server: LocalServer
) -> None:
    async with creator(server.url, "A test") as watch:
        await contains_keyframe(watch)
        page = await visitors.page("about:blank")
        arrived = await hold(page, "**/assets/**")
        await page.goto(watch, wait_until="commit")
        assert await until(page, STILL) == "360,640"
        arrived.set()


async def test_without_javascript_the_page_has_its_style(
    visitors: Visitors, server: LocalServer
) -> None:
    async with creator(server.url, "A test") as watch:
        context = await visitors.context(java_script_enabled=False)
        page = await context.new_page()
        await page.goto(watch)
        note = page.locator("noscript .note")
        await note.wait_for(state="visible")
        assert await page.locator("main h1").is_hidden()
        assert await note.evaluate("(note) => getComputedStyle(note).borderRadius") == "14px"
