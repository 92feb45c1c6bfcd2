"""The service worker of the installed app: what it keeps, and what never passes through it."""

import shutil
import sys
from pathlib import Path

from playwright.async_api import Page

from scripts.benchmarks.checkout import ROOT, Checkout
from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from server.site.manifest import START
from tests.e2e.creator import creator
from tests.e2e.pages import EYES, Room, Visitors

ACTIVE = "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')"
SETTLED = """navigator.serviceWorker.getRegistration().then(
    ({ installing, waiting, active }) => !installing && !waiting && active.state === 'activated')"""
"""No worker is about to take over."""
INSTALLED = "navigator.serviceWorker.getRegistrations().then((all) => all.length === 1)"
GROUND = "getComputedStyle(document.body).backgroundColor"
THROUGH_WORKER = """
performance.getEntries()
  .filter((entry) => entry.workerStart > 0)
  .map(({ name }) => new URL(name, location.href).pathname)
"""
"""The requests of a page for which the browser started the worker (Resource Timing §4.3)."""


async def installed(visitors: Visitors, url: str) -> Page:
    page = await visitors.page(url + START)
    await until(page, ACTIVE)
    await page.reload()
    await until(page, "navigator.serviceWorker.controller !== null")
    return page


async def test_no_request_of_a_room_passes_through_the_service_worker(
    visitors: Visitors, server: LocalServer
) -> None:
    """The room is not in the scope of the worker. The test checks the navigation, the API and every
    file before the first picture.
    """
    page = await installed(visitors, server.url)
    answers: list[tuple[str, bool]] = []
    page.on("response", lambda got: answers.append((got.url, got.from_service_worker)))
    await page.context.add_init_script(EYES)
    async with creator(server.url, "A test") as watch:
        await page.goto(watch)
        room = Room(page)
        await room.pictured()
        assert await page.evaluate(INSTALLED)
        assert await page.evaluate("navigator.serviceWorker.controller === null")
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
    assert await page.evaluate(GROUND) == "rgb(12, 14, 18)"
    await page.context.set_offline(False)
    await until(page, "document.querySelector('#offline').hidden")


def newer_version(folder: Path) -> Checkout:
    """A copy of the server whose pages have another ground colour."""
    for part in ("relay", "server", "web"):
        shutil.copytree(ROOT / part, folder / part)
    style = folder / "web" / "css" / "base.css"
    style.write_text(style.read_text().replace("--ground: #0c0e12", "--ground: #102030"))
    return Checkout("a newer version", folder, Path(sys.executable))


async def test_a_new_version_takes_over_at_the_next_navigation(
    visitors: Visitors, tmp_path: Path
) -> None:
    """The page that finds the new version comes from the server, the next one from the new worker;
    the old version stays for pages that are still open.
    """
    visitors.complaints.allow("ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|Failed to fetch")
    data = tmp_path / "data"
    async with LocalServer(data) as server:
        page = await installed(visitors, server.url)
        [old] = await page.evaluate("caches.keys()")
        port = server.url.rpartition(":")[2]
    checkout = newer_version(tmp_path / "newer")
    async with LocalServer(data, f"--port={port}", checkout=checkout) as server:
        await page.goto(server.url + START)
        assert await page.evaluate(GROUND) == "rgb(16, 32, 48)"
        await until(page, "caches.keys().then((names) => names.length === 2)")
        await until(page, SETTLED)
        assert (await page.evaluate("caches.keys()"))[0] == old
        await page.context.set_offline(True)
        await page.goto(server.url + START)
        assert await page.evaluate(GROUND) == "rgb(16, 32, 48)"
