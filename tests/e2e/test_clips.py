"""Clips as people make them: the tap in the room, the sheet, the page of the clip, and the list of
the creator.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, CookieJar
from playwright.async_api import Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.creator import live_room
from tests.e2e.pages import EYES, Room, Studio, Visitors
from tests.e2e.test_accessibility import check
from tests.e2e.test_creator_room import by, write, written

PHONE = {"width": 390, "height": 844}
AXE = ((390, 844),)
STEP = "document.querySelector('#clip-sheet').dataset.step"
SHEET_VIDEO = "document.querySelector('[data-testid=clip-video]')"
PAGE_VIDEO = "document.querySelector('[data-testid=clip-page-video]')"
CAPTION = f"{PAGE_VIDEO}.textTracks[0]"
START = "Number(document.querySelector('[data-testid=clip-start]').ariaValueNow)"
END = "Number(document.querySelector('[data-testid=clip-end]').ariaValueNow)"
SECONDS = 8
"""Media that a viewer has seen before the clip: more than the shortest clip and a keyframe."""


@asynccontextmanager
async def person(server: LocalServer) -> AsyncIterator[ClientSession]:
    """A person who sends requests with the cookie of a browser."""
    headers = {"Origin": server.url}
    async with ClientSession(
        server.url, cookie_jar=CookieJar(unsafe=True), headers=headers
    ) as http:
        async with http.get("/api/me") as response:
            assert response.status == 200
        yield http


async def plays(page: Page, video: str) -> None:
    """Waits until a video has shown its second frame and plays."""
    before = await until(page, f"{video}.readyState >= 2 && !{video}.paused && {video}.currentTime")
    await until(page, f"{video}.currentTime !== {before}")


async def make_clip(page: Page, language: str) -> list[str]:
    """Makes a draft, moves its start, and finishes it. Returns the violations that axe finds."""
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("c")
    step = await until(page, f"['editing', 'failed'].find((step) => step === {STEP})", 25)
    assert step == "editing", await page.inner_text(by("clip-note"))
    await plays(page, SHEET_VIDEO)
    found = await check(page, f"clip sheet, {language}", AXE)
    before = await page.evaluate(START)
    await page.focus(by("clip-start"))
    await page.keyboard.press("End")  # As late as the shortest clip allows.
    await until(page, f"{START} > {before}")
    await plays(page, SHEET_VIDEO)
    chosen = await page.evaluate(f"{END} - {START}")
    await page.fill(by("clip-title"), "Best moment")
    await page.fill(by("clip-caption"), "First line\nSecond line")
    await page.click(by("clip-done"))
    await until(page, f"{STEP} === 'saved'", 25)
    await plays(page, SHEET_VIDEO)
    # The handles are shown with one decimal place, and a clip ends with a whole frame.
    assert abs(await page.evaluate(f"{SHEET_VIDEO}.duration") - chosen) < 0.25
    return found + await check(page, f"finished clip, {language}", AXE)


@pytest.mark.parametrize("language", ["ko"])  # the other tests are in English
async def test_a_clip_from_the_tap_to_its_page(
    visitors: Visitors, server: LocalServer, language: str
) -> None:
    """A viewer clips the last moments. The page of the clip repeats them with the chat of these
    seconds.
    """
    async with person(server) as creator:
        async with creator.put("/api/me/handle", json={"handle": f"클립{language}"}) as response:
            assert response.status == 200
        cookies = creator.cookie_jar.filter_cookies(creator._base_url)  # type: ignore[arg-type]
        cookie = "; ".join(f"{name}={value.value}" for name, value in cookies.items())
        headers = {"Cookie": cookie, "Origin": server.url}
        async with live_room(server.url, "A test", headers) as live:
            context = {"locale": language, "reduced_motion": "reduce", "viewport": PHONE}
            room = Room(await visitors.page(live.watch, EYES, browser=None, **context))
            page = room.page
            await room.plays(SECONDS - 3)
            await write(page, "wow")
            await until(page, written("wow"))
            await room.plays(3)
            found = await make_clip(page, language)
            await page.goto(
                await page.evaluate("document.querySelector('[data-testid=clip-open]').href")
            )
            await plays(page, PAGE_VIDEO)
            assert "Best moment" in await page.inner_text("h1")
            found += await check(page, f"page of the clip, {language}", AXE)
            assert await page.get_attribute(by("clip-creator"), "href") == f"/@클립{language}"
            assert live.watch.endswith(await page.get_attribute(by("live-now"), "href") or "-")
            await until(page, f"{CAPTION}.activeCues?.[0]?.text.endsWith(' line')")
            await page.click(by("show-captions"))
            assert await page.evaluate(f"{CAPTION}.mode") == "hidden"
            await page.click(by("edit-clip"))
            await page.fill("#sheet textarea", "Other words")
            async with page.expect_navigation():
                await page.click("#sheet .primary")
            await until(page, f"{CAPTION}.activeCues?.[0]?.text === 'Other words'")
            await page.wait_for_selector(".said:has-text('wow')")
            assert await page.evaluate(f"{PAGE_VIDEO}.muted")
            await page.click("#unmute")
            await until(page, f"!{PAGE_VIDEO}.muted")
            await page.evaluate(f"{PAGE_VIDEO}.currentTime = {PAGE_VIDEO}.duration - 0.4")
            await until(page, f"{PAGE_VIDEO}.currentTime < {PAGE_VIDEO}.duration / 2")
            await plays(page, PAGE_VIDEO)
    assert found == []


async def test_the_creator_approves_and_deletes(server: LocalServer, studio: Studio) -> None:
    """The list of clips is in the settings during the live, and in the summary afterwards."""
    page = studio.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await studio.replace_video(240, 426)  # A clip ends where the size of the picture changes.
    await page.click("#settings")
    await page.select_option(by("setting-clips"), "approve")
    room = studio.watch.rpartition("/")[2]
    async with person(server) as viewer, asyncio.timeout(20):
        status, clip = 0, {}
        while status != 201:
            # Until the live is long enough for a clip.
            async with viewer.post(
                f"/api/rooms/{room}/clips", json={"seconds": 5, "publish": True, "title": "Best"}
            ) as response:
                status, clip = response.status, await response.json()
            await asyncio.sleep(0.1)
    assert clip["state"] == "waiting"
    await page.click("#clips-group summary")
    row = page.locator("#clips-list li", has_text="Best")
    await row.get_by_role("button", name="Approve").click()
    await row.get_by_role("button", name="Approve").wait_for(state="detached")
    await row.get_by_role("button", name="Delete").click()
    await row.get_by_role("button", name="Undo").click()
    await row.get_by_role("button", name="Delete").wait_for()
    await page.keyboard.press("Escape")
    await studio.end()
    await page.wait_for_selector(f"{by('over-clips')} li:has-text('Best')")
