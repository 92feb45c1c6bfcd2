"""Controls the studio page as a creator, and the room page as a viewer."""

from playwright.async_api import Browser, BrowserContext, Page

from scripts.benchmarks.chromium import script, until

WITHIN = 20.0
"""Maximum seconds for each action on a page."""
VIEWPORT = {"width": 640, "height": 360}
"""Size of each page in pixels. This size equals the frame size of the time code. With any other
size, the browsers would spend CPU time on scaling.
"""


async def context_of(
    browser: Browser, *scripts: str, service_worker: bool = True
) -> BrowserContext:
    """Returns a fresh browser context with an empty cache. Each page of the context runs `scripts`
    before its own scripts. `service_worker`: whether pages may install a service worker.
    """
    context = await browser.new_context(
        viewport={"width": VIEWPORT["width"], "height": VIEWPORT["height"]},
        service_workers="allow" if service_worker else "block",
    )
    context.set_default_timeout(WITHIN * 1000)
    for name in scripts:
        await context.add_init_script(script(name))
    return context


async def go_live(browser: Browser, url: str, camera: str, *more: str) -> tuple[Page, str]:
    """Opens a studio with the camera script `pages/CAMERA.js` and goes live. `more`: further
    scripts in `pages/` that the studio page runs. Returns the page and the URL of the room.
    """
    context = await context_of(browser, "timecode", "connections", camera, *more)
    page = await context.new_page()
    await page.goto(f"{url}/live")
    await page.click("#go-live")
    await until(
        page,
        "document.body.dataset.screen === 'live' && document.body.dataset.link === 'live'",
        WITHIN,
    )
    watch = await page.get_attribute("#share-link", "href")
    assert watch is not None
    return page, watch


async def end_live(page: Page) -> None:
    await page.click("#end")
    await page.click("#end-confirm")
    await until(page, "document.body.dataset.screen === 'over'", WITHIN)
    await page.context.close()
