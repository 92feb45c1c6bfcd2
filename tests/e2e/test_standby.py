"""A room on standby in a real browser: its still picture, and how it plays."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Page

from scripts.benchmarks.chromium import script, until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.creator import creator
from tests.e2e.pages import Visitors
from tests.fixtures.metrics import scrape

OPEN = """async ([url, player, thrifty]) => {
    const page = new DOMParser().parseFromString(await (await fetch(url)).text(), 'text/html');
    const { room, worker } = page.documentElement.dataset;
    const root = document.adoptNode(page.querySelector('[data-part="video"]').parentElement);
    root.style.cssText = 'position: relative; height: 90vh';
    document.body.append(root);
    const { RoomView } = await import('/assets/dev/js/room/room_view.js');
    window.moves = 0;
    const events = { moving: () => moves++ };
    window.view = new RoomView({ room, root, worker, player, events, thrifty, standby: true });
    window.playing = () => view.stats().playing && view.stats().frames > 20;
    // The brightest sample of what is shown: 0 if it is black, -1 if there is nothing.
    window.light = () => {
        const still = root.querySelector('[data-part="still"]');
        const shown = still.hidden ? root.querySelector('.screen') : still;
        if (!(shown.videoWidth ?? shown.width)) return -1;
        const canvas = new OffscreenCanvas(8, 8);
        const context = canvas.getContext('2d');
        context.drawImage(shown, 0, 0, 8, 8);
        return Math.max(...context.getImageData(0, 0, 8, 8).data.filter((_, n) => n % 4 < 3));
    };
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[LocalServer, str]]:
    """A server with unbundled modules, and the URL of its only room."""
    data = tmp_path_factory.mktemp("standby")
    async with LocalServer(data, "--dev") as server, creator(server.url, "One") as url:
        yield server, url


async def open_room(page: Page, url: str, player: str, *, thrifty: bool = False) -> None:
    await page.evaluate(OPEN, [url, player, thrifty])


async def figures(server: LocalServer) -> tuple[float, float]:
    """Viewers and standbys, by the server's own metrics."""
    async with ClientSession() as http, http.get(f"{server.url}/metrics") as response:
        told = scrape(await response.text())
    paths = ("websocket", "whep")
    viewers = sum(told[f'microlive_viewers{{path="{path}"}}'] for path in paths)
    return viewers, told["microlive_standby_viewers"]


async def until_counted(server: LocalServer, viewers: int, standbys: int) -> None:
    async with asyncio.timeout(20):
        while await figures(server) != (viewers, standbys):  # noqa: ASYNC110 (has no event)
            await asyncio.sleep(0.05)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("player", ["webcodecs", "mse", "whep"])
async def test_a_room_on_standby_shows_a_still_picture_and_plays_when_asked(
    visitors: Visitors, room: tuple[LocalServer, str], player: str
) -> None:
    """Back on standby, the last frame stays, and the server counts a viewer less. WebCodecs shows
    the newest keyframe before the room has played. Nothing is left of a closed room.
    """
    visitors.complaints.allow("404")
    server, url = room
    page = await visitors.page(f"{server.url}/nothing", script("resources"))
    await open_room(page, url, player)
    await until(page, "view.held && view.state === 'live'")
    await until_counted(server, 0, 1)
    if player == "webcodecs":
        await until(page, "view.stats().frames === 1 && light() > 20")
    assert not await page.evaluate("playing()") and not await page.evaluate("moves")

    await page.evaluate("view.play()")
    await until(page, "moves === 1 && playing()")
    await until_counted(server, 1, 0)

    # A loaded machine may have had stalls before. WebRTC counts from 0 again.
    stalls = await page.evaluate("(({ stalls }) => (view.hold(), stalls))(view.stats())")
    await until(page, "!view.stats().playing")
    assert await page.evaluate("light()") > 20
    await until_counted(server, 0, 1)
    resources = await page.evaluate("resources.count()")
    assert resources["sockets"] + resources["workers"] == 1
    assert not resources["peerConnections"]

    await page.evaluate("view.play()")
    await until(page, "moves === 2 && view.stats().playing")
    assert await page.evaluate("view.stats().stalls") <= stalls

    await page.evaluate("view.close()")
    await until(page, "resources.isEmpty()")


@pytest.mark.timeout(120)
async def test_a_viewer_who_saves_data_connects_when_the_room_plays(
    visitors: Visitors, room: tuple[LocalServer, str]
) -> None:
    visitors.complaints.allow("404")
    server, url = room
    page = await visitors.page(f"{server.url}/nothing", script("resources"))
    await open_room(page, url, "webcodecs", thrifty=True)
    resources = await page.evaluate("resources.count()")
    assert not resources["sockets"] and not resources["workers"]
    await page.evaluate("view.play()")
    await until(page, "moves === 1 && playing()")
    await page.evaluate("view.hold()")
    await until(page, "!view.stats().playing")
    await until_counted(server, 0, 0)
