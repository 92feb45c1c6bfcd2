"""Clients in Chromium: the watch page, and players and publishers of npm packages."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.clients.catalogue import Client
from scripts.benchmarks.clients.watching import ClientFailed
from scripts.benchmarks.page_clock import offset_of
from scripts.benchmarks.studio import WITHIN, context_of

WATCH = (
    "window.sampler = timecode.watch(() => document.querySelector('.screen, video'), () => "
    "performance.now())"
)
HEARD = (
    "window.clients ? clients.heard() : (async () => microlive.stats().sound?.played || "
    "document.querySelector('video')?.webkitAudioDecodedByteCount || await connections.heard())()"
)


class WatchingPage:
    """A page that plays."""

    def __init__(self, page: Page, offset: float) -> None:
        self._page = page
        self._offset = offset

    async def take(self) -> list[tuple[float, int]]:
        samples, errors = await self._page.evaluate(
            "[sampler.take(), window.clients?.errors ?? []]"
        )
        if errors:
            raise ClientFailed("; ".join(errors))
        return [(ms / 1_000 + self._offset, word) for ms, word in samples]

    async def heard(self) -> bool:
        return bool(await self._page.evaluate(HEARD))


@asynccontextmanager
async def playing(
    browser: Browser, origin: str, client: Client, urls: Mapping[str, str]
) -> AsyncIterator[WatchingPage]:
    """Opens a player of a npm package. `urls`: the URLs of the room for `hls` and `whep`."""
    async with _opened(browser, origin) as page:
        await until(page, "window.clients", WITHIN)
        watching = WatchingPage(page, await offset_of(page))
        await page.evaluate(WATCH)
        await _call(page, "play", client.program, urls, client.settings)
        yield watching


@asynccontextmanager
async def publishing(
    browser: Browser, origin: str, client: Client, whip: str, key: str
) -> AsyncIterator[Page]:
    """Publishes with a client of a npm package: a canvas with the time code, and a tone."""
    async with _opened(browser, origin) as page:
        # Without the permission, the browser gathers no candidates on loopback.
        await page.context.grant_permissions(["camera", "microphone"])
        await until(page, "window.clients", WITHIN)
        await _call(page, "publish", client.program, {"whip": whip, "key": key})
        yield page


@asynccontextmanager
async def watch_page(browser: Browser, url: str) -> AsyncIterator[WatchingPage]:
    """Opens the watch page of a room, with sound."""
    async with _opened(browser, url) as page:
        watching = WatchingPage(page, await offset_of(page))
        await page.evaluate(WATCH)
        await page.click("#unmute")
        yield watching


@asynccontextmanager
async def _opened(browser: Browser, url: str) -> AsyncIterator[Page]:
    context = await context_of(browser, "timecode", "connections")
    try:
        page = await context.new_page()
        await page.goto(url)
        yield page
    finally:
        await context.close()


async def _call(page: Page, function: str, name: str, *arguments: Any) -> None:
    """Raises ClientFailed if the client rejects."""
    failed = await page.evaluate(
        "async ([f, ...args]) => { try { await clients[f](...args); return ''; } "
        "catch (error) { return `${error.code ?? ''} ${error.message ?? error}`; } }",
        [function, name, *arguments],
    )
    if failed:
        raise ClientFailed(failed)
