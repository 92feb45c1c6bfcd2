"""The best moment of a live in the studio: offered, published, and in the summary."""

import asyncio

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Visitors
from tests.fixtures.people import Browser

GUESTS = 4
"""Number of people who react at once."""


def by(name: str) -> str:
    return f"[data-testid={name}]"


async def cheer(url: str, room: str) -> None:
    """Lets people write at the same moment."""
    guests = [Browser(url) for _ in range(GUESTS)]
    try:
        for guest in guests:
            await guest.__aenter__()
            await guest.ask("GET", "/api/me")
        path = f"/api/rooms/{room}/messages"
        await asyncio.gather(
            *(guest.ask("POST", path, {"id": "x", "text": "wow"}) for guest in guests)
        )
    finally:
        for guest in guests:
            await guest.__aexit__(None, None, None)


async def test_the_best_moment_is_published_with_one_tap(
    visitors: Visitors, server: LocalServer
) -> None:
    studio = await visitors.studio(server.url)
    page = studio.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await until(page, "document.body.dataset.screen === 'ready'")
    watch = await studio.go_live("A goal")
    room = watch.rpartition("/")[2]
    await until(page, "document.querySelector('#timer').textContent >= '0:06'")
    await cheer(server.url, room)
    await page.locator(by("moment")).wait_for(timeout=60_000)
    assert f"{GUESTS} people reacted" in await page.inner_text("#moment-text")
    await page.click(by("moment-publish"))
    await until(page, "document.querySelector('#moment-text').textContent.includes('published')")
    async with Browser(server.url) as guest:
        _, answer = await guest.ask("GET", f"/api/rooms/{room}/clips")
    (clip,) = answer["clips"]
    assert (clip["source"], clip["state"]) == ("highlight", "published")
    await studio.end()
    await page.locator(by("watch-moment")).wait_for()
    assert await page.get_attribute(by("watch-moment"), "href") == f"/c/{clip['id']}"
    await page.click("#over-files summary")
    # Chromium may change the size of its pictures on a busy machine. Each size has its files.
    await until(page, "document.querySelectorAll('#files a').length >= 4")
    async with page.expect_download() as download:
        await page.click("#files a >> nth=0")
    assert (await download.value).suggested_filename == f"{room}-video-1.mp4"
