"""A viewer opens the link of a live that has ended, and watches its replay."""

import asyncio

from playwright.async_api import Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Visitors
from tests.e2e.test_accessibility import LANGUAGES, SIZES, check

WITHIN = 20.0
LIVE = 7.0
"""Length of the live, seconds: at least two segments."""

SEEK = """async (seconds) => {
    const video = document.querySelector('#video');
    const began = performance.now();
    const done = new Promise((resolve) => {
        video.addEventListener('seeked', resolve, { once: true });
    });
    const position = document.querySelector('#position');
    position.value = String(seconds);
    position.dispatchEvent(new Event('input', { bubbles: true }));
    position.dispatchEvent(new Event('change', { bubbles: true }));
    await done;
    return performance.now() - began;
}"""

PLAY = "void document.querySelector('#video').play().catch(() => {})"
"""A tap on play. The page may attach the source just afterwards and has to play all the same."""


async def test_a_viewer_watches_a_replay(visitors: Visitors, server: LocalServer) -> None:
    studio = await visitors.studio(server.url)
    watch = await studio.go_live("A morning run")
    room = await visitors.room(watch)
    await room.plays(LIVE, WITHIN + LIVE)
    await room.page.fill("textarea", "what a view")
    await room.page.keyboard.press("Enter")
    await until(room.page, "document.body.textContent.includes('what a view')", WITHIN)
    await room.plays(1)
    await studio.end()
    page = await visitors.page(server.url)
    async with asyncio.timeout(WITHIN):
        while "/v/" not in page.url:  # The last segment is being stored.
            await page.goto(watch)
    await until(page, "document.querySelector('#video').currentTime > 1", WITHIN)
    seen = await page.evaluate(
        """() => {
            const video = document.querySelector('#video');
            const { totalVideoFrames } = video.getVideoPlaybackQuality();
            return { frames: totalVideoFrames, duration: video.duration, width: video.videoWidth };
        }"""
    )
    assert seen["frames"] > 10 and seen["width"] > 0 and seen["duration"] > LIVE - 2
    await page.evaluate(SEEK, seen["duration"] - 1.5)
    await until(page, "document.querySelector('#chat').textContent.includes('what a view')", WITHIN)
    await page.evaluate(SEEK, 0.5)
    await until(page, "!document.querySelector('#chat').textContent.includes('a view')", WITHIN)
    await page.select_option("#speed", "2")
    assert await page.evaluate("document.querySelector('#video').playbackRate") == 2
    await page.keyboard.press("m")
    assert not await page.evaluate("document.querySelector('#video').muted")
    await until(page, "document.querySelector('#video').ended", WITHIN)
    played = await page.evaluate("document.querySelector('#video').currentTime")
    assert abs(played - seen["duration"]) < 0.1, "the replay plays to its last frame"
    found = await _own(studio.page, page.url)
    await page.click("#qr")
    await until(page, "document.querySelector('#sheet .qr').naturalWidth > 0", WITHIN)
    await page.click("#sheet-close")
    embedded = await visitors.page(page.url.replace("/v/", "/embed/v/"))
    await embedded.evaluate("document.querySelector('#video').muted = true")
    await embedded.evaluate(PLAY)
    await until(embedded, "document.querySelector('#video').currentTime > 0.5", WITHIN)
    for language, sizes in zip(LANGUAGES, (SIZES, SIZES[:1]), strict=True):
        shown = await visitors.page(page.url, locale=language, reduced_motion="reduce")
        await until(shown, "document.querySelector('#video').currentTime > 0", WITHIN)
        found += await check(shown, f"replay {language}", sizes)
    assert found == []


async def _own(page: Page, replay: str) -> list[str]:
    """Makes a clip on the page of the replay as its creator, and changes the caption of the clip.
    Returns the violations that axe finds.
    """
    await page.goto(replay)
    await until(page, "document.querySelector('#video').currentTime > 1", WITHIN)
    # A clip has one picture size. Chromium changes the size in the first seconds of a live.
    duration = await page.evaluate("document.querySelector('#video').duration")
    await page.evaluate(SEEK, duration - 0.5)
    await page.click("#make-clip")
    step = "document.querySelector('#clip-sheet').dataset.step"
    await until(page, f"{step} === 'editing'", WITHIN)
    await page.fill("[data-testid=clip-title]", "The best part")
    await page.click("[data-testid=clip-done]")
    await until(page, f"{step} === 'saved'", WITHIN)
    await page.click("[data-part=clip-close]")
    await page.click("#open-own")
    await page.click("#own-clip-list button:has-text('Edit')")
    found = await check(page, "own replay", SIZES[:1])
    await page.fill("#own-clip-list textarea", "Words")
    await page.click("#own-clip-list .primary")
    await page.wait_for_selector("#own-clip-list li:has-text('The best part') .row-actions")
    await page.click("#over-files summary")
    async with page.expect_download() as download:
        await page.click("#files a")
    assert (await download.value).suggested_filename.endswith("video-1.mp4")
    return found
