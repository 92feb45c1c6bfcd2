"""The service worker of the installed app: what it keeps, and what never passes through it."""

from playwright.async_api import Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.creator import creator
from tests.e2e.pages import EYES, Room, Visitors

ACTIVE = "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')"
THROUGH_WORKER = """
performance.getEntries()
  .filter((entry) => entry.workerStart > 0)
  .map(({ name }) => new URL(name, location.href).pathname)
"""
"""The requests of a page for which the browser started the worker (Resource Timing §4.3)."""


async def installed(visitors: Visitors, url: str) -> Page:
    page = await visitors.page(url)
    await until(page, ACTIVE)
    await page.reload()
    await until(page, "navigator.serviceWorker.controller !== null")
    return page


async def test_no_request_of_a_room_passes_through_the_service_worker(
    visitors: Visitors, server: LocalServer
) -> None:
    """This holds for the navigation, the API and every file before the first picture."""
    page = await installed(visitors, server.url)
    answers: list[tuple[str, bool]] = []
    page.on("response", lambda got: answers.append((got.url, got.from_service_worker)))
    await page.context.add_init_script(EYES)
    async with creator(server.url, "A test") as watch:
        await page.goto(watch)
        room = Room(page)
        await room.pictured()
        assert await page.evaluate("navigator.serviceWorker.controller !== null")
        await until(page, "fetch('/api/config').then(({ ok }) => ok)")
        paths = await page.evaluate(THROUGH_WORKER)
        assert [path for path in paths if path.startswith(("/r/", "/api/"))] == []
        assert [url for url, kept in answers if kept] == []


async def test_the_pages_open_without_a_server(visitors: Visitors, server: LocalServer) -> None:
    """The feed comes from the cache with its style and script, and says that it is offline."""
    visitors.complaints.allow("ERR_FAILED|ERR_INTERNET_DISCONNECTED|503|Failed to fetch")
    page = await installed(visitors, server.url)
    await page.context.set_offline(True)
    await page.reload()
    await until(page, "!document.querySelector('#offline').hidden")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert await page.evaluate(ground) == "rgb(12, 14, 18)"
    await page.context.set_offline(False)
    await until(page, "document.querySelector('#offline').hidden")
