"""Several RoomViews in one page, and what is left of one that is closed."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page

from scripts.benchmarks.chromium import script, until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.creator import creator
from tests.e2e.pages import Visitors

OPEN = """async ([name, url, player]) => {
    const page = new DOMParser().parseFromString(await (await fetch(url)).text(), 'text/html');
    const { room, worker } = page.documentElement.dataset;
    const root = document.adoptNode(page.querySelector('[data-part="video"]').parentElement);
    root.style.cssText = 'position: relative; height: 45vh';
    document.body.append(root);
    const { RoomView } = await import('/assets/dev/js/room/room_view.js');
    window.views ??= {};
    views[name] = new RoomView({ room, root, worker, player });
}"""
SHOWS = "views.{0}.stats().frames > {1} && views.{0}.stats().playing && views.{0}.state === 'live'"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def rooms(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[LocalServer, str, str]]:
    """A server with unbundled modules, and the URLs of its two rooms."""
    async with (
        LocalServer(tmp_path_factory.mktemp("rooms"), "--dev") as server,
        creator(server.url, "One") as one,
        creator(server.url, "Two") as two,
    ):
        yield server, one, two


async def frames(page: Page, name: str) -> int:
    count: int = await page.evaluate(f"views.{name}.stats().frames")
    return count


@pytest.mark.timeout(120)
@pytest.mark.parametrize("player", ["webcodecs", "mse"])
async def test_two_rooms_play_in_one_page_and_a_closed_one_leaves_nothing(
    visitors: Visitors, rooms: tuple[LocalServer, str, str], player: str
) -> None:
    """Timers, sockets, workers and listeners are counted from before the page's first script. The
    page itself has no script of its own.
    """
    visitors.complaints.allow("404")
    server, one, two = rooms
    page = await visitors.page(f"{server.url}/nothing", script("resources"))
    assert not any((await page.evaluate("resources.count()")).values())

    await page.evaluate(OPEN, ["a", one, player])
    await until(page, SHOWS.format("a", 30))
    await until(page, "resources.isSteady()")
    alone = await page.evaluate("resources.count()")
    assert alone["intervals"] > 2 and alone["listeners"] > 10
    assert alone["workers"] == (player == "webcodecs") and alone["sockets"] == (player == "mse")

    await page.evaluate(OPEN, ["b", two, player])
    await until(page, SHOWS.format("b", 30))
    before = await frames(page, "a")
    await until(page, f"views.a.stats().frames > {before + 30}")
    titles = await page.evaluate("[...document.querySelectorAll('h1')].map((h) => h.innerText)")
    assert {"One", "Two"} <= set(titles)
    both = await page.evaluate("resources.count()")
    assert all(both[name] >= 2 * alone[name] for name in ("workers", "sockets", "intervals"))

    await page.evaluate("views.b.close()")
    await until(page, f"resources.equal({alone})".replace("'", '"'))
    before = await frames(page, "a")
    await until(page, f"views.a.stats().frames > {before + 30}")

    await page.evaluate("views.a.close()")
    await until(page, "resources.isEmpty()")
