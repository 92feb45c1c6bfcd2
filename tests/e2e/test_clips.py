"""Clips as people make them: the tap in the room, the sheet, the page of the clip, and the list of
the creator.
"""

from typing import Any

from playwright.async_api import Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import EYES, Room, Studio, Visitors
from tests.e2e.test_accessibility import check
from tests.e2e.test_creator_room import by, write, written

PHONE = {"width": 390, "height": 844}
AXE = ((390, 844),)
STEP = "document.querySelector('#clip-sheet').dataset.step"
SHEET_VIDEO = "document.querySelector('[data-testid=clip-video]')"
PAGE_VIDEO = "document.querySelector('[data-testid=clip-page-video]')"
START = "Number(document.querySelector('[data-testid=clip-start]').ariaValueNow)"
END = "Number(document.querySelector('[data-testid=clip-end]').ariaValueNow)"
SECONDS = 9
"""Media that a viewer has seen before the clip: more than the shortest clip and two keyframes."""
HANDLE = """fetch('/api/me/handle', { method: 'PUT', body: '{"handle": "클립"}',
    headers: { 'Content-Type': 'application/json' } }).then(({ status }) => status)"""


async def join(visitors: Visitors, url: str, language: str) -> Room:
    options: dict[str, Any] = {"locale": language, "reduced_motion": "reduce", "viewport": PHONE}
    return Room(await visitors.page(url, EYES, **options))


async def plays(page: Page, video: str) -> None:
    """Waits until a video shows its second frame or a later one, and moves on."""
    before = await until(page, f"{video}.readyState >= 2 && !{video}.paused && {video}.currentTime")
    await until(page, f"{video}.currentTime !== {before}")


async def make_clip(page: Page, title: str, language: str) -> tuple[str, list[str]]:
    """Clips, moves the start, and finishes. Returns the URL of the clip, and the violations that
    axe finds.
    """
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("c")
    step = await until(page, f"['editing', 'failed'].find((step) => step === {STEP})")
    assert step == "editing", await page.inner_text(by("clip-note"))
    await plays(page, SHEET_VIDEO)
    found = await check(page, f"clip sheet, {language}", AXE)
    before = await page.evaluate(START)
    await page.focus(by("clip-start"))
    await page.keyboard.press("ArrowRight")
    await until(page, f"{START} > {before}")
    await plays(page, SHEET_VIDEO)
    chosen = await page.evaluate(f"{END} - {START}")
    await page.fill(by("clip-title"), title)
    await page.click(by("clip-done"))
    await until(page, f"{STEP} === 'saved'")
    await plays(page, SHEET_VIDEO)
    # The handles are shown with one decimal place, and a clip ends with a whole frame.
    assert abs(await page.evaluate(f"{SHEET_VIDEO}.duration") - chosen) < 0.25
    found += await check(page, f"finished clip, {language}", AXE)
    return await page.evaluate("document.querySelector('[data-testid=clip-open]').href"), found


async def watch_clip(page: Page, title: str, language: str) -> list[str]:
    """Checks the page of a clip, which plays from its end to its start again."""
    await plays(page, PAGE_VIDEO)
    assert title in await page.inner_text("h1")
    found = await check(page, f"page of the clip, {language}", AXE)
    assert await page.evaluate(f"{PAGE_VIDEO}.muted")
    await page.click("#unmute")
    await until(page, f"!{PAGE_VIDEO}.muted")
    length = await page.evaluate(f"{PAGE_VIDEO}.duration")
    await page.evaluate(f"{PAGE_VIDEO}.currentTime = {length} - 0.4")
    await until(page, f"{PAGE_VIDEO}.currentTime < {length} / 2")
    await plays(page, PAGE_VIDEO)
    return found


async def test_a_clip_from_the_tap_to_its_page(
    visitors: Visitors, server: LocalServer, studio: Studio
) -> None:
    """In both languages: a viewer clips what she has seen, and the page shows it with the chat of
    these seconds. The creator deletes the clip, and takes the deletion back.
    """
    assert await studio.page.evaluate(HANDLE) == 200
    await studio.replace_video(240, 426)  # a clip ends where the size of the picture changes
    found: list[str] = []
    urls = {}
    for language in ("en", "ko"):
        room = await join(visitors, studio.watch, language)
        page = room.page
        await room.plays(SECONDS - 3)
        await write(page, f"wow {language}")
        await until(page, written(f"wow {language}"))
        await room.plays(3)
        urls[language], violations = await make_clip(page, f"Best {language}", language)
        found += violations
        await page.goto(urls[language])
        found += await watch_clip(page, f"Best {language}", language)
        assert await page.get_attribute(by("clip-creator"), "href") == "/@클립"
        assert studio.watch.endswith(await page.get_attribute(by("live-now"), "href") or "-")
        await page.evaluate(f"{PAGE_VIDEO}.currentTime = {PAGE_VIDEO}.duration - 0.5")
        await page.wait_for_selector(f".said:has-text('wow {language}')")
    assert found == []

    page = studio.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.click("#settings")
    await page.click("#clips-group summary")
    row = page.locator("#clips-list li", has_text="Best ko")
    await row.get_by_role("button", name="Delete").click()
    await row.get_by_role("button", name="Undo").wait_for()
    visitors.complaints.allow("404")
    gone = await visitors.page(urls["ko"])
    assert "404" in await gone.inner_text("body")
    await row.get_by_role("button", name="Undo").click()
    await row.get_by_role("button", name="Delete").wait_for()
    await gone.reload()
    await plays(gone, PAGE_VIDEO)
