"""Debian's Firefox and WebKitGTK watch a room on every playback path that they support."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.webkit import WebKit, webkit
from tests.e2e.creator import HEIGHT, WIDTH, creator
from tests.e2e.firefox import Firefox, firefox

Browser = Firefox | WebKit
WITHIN = 60.0
"""Seconds for a step: software rendering shares two cores with everything else."""
LOOK = 2_000
"""ms for which frames are counted."""

# How many different frames were on the screen in that time, whichever element shows them.
EYES = f"""new Promise(done => {{
    const canvas = Object.assign(document.createElement('canvas'), {{ width: 24, height: 24 }});
    const context = canvas.getContext('2d', {{ willReadFrequently: true }});
    const pictures = new Set();
    const began = performance.now();
    const first = microlive.stats();
    const look = () => {{
        const screen = document.querySelector('.screen');
        if ((screen.videoWidth ?? screen.width) > 0) {{
            context.drawImage(screen, 0, 0, 24, 24);
            pictures.add(context.getImageData(0, 0, 24, 24).data.join());
        }}
        if (performance.now() - began < {LOOK}) return requestAnimationFrame(look);
        const stats = microlive.stats();
        done({{ pictures: pictures.size, advanced: stats.position - first.position, stats }});
    }};
    look();
}})"""


# WebDriver runs no script before those of a page, so the page is rewritten with one.
WITHOUT_MEDIA_SOURCE = """async url => {
    const html = await (await fetch(url)).text();
    history.replaceState(null, '', url);
    document.open();
    const script = '<script>delete window.MediaSource;</' + 'script>';
    document.write(html.replace('<head>', '<head>' + script));
    document.close();
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watch(server: LocalServer) -> AsyncIterator[str]:
    """The URL of a live room."""
    async with creator(server.url, "A test") as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browsers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Browser]]:
    """All browsers, started once per module."""
    async with AsyncExitStack() as stack:
        gecko = await stack.enter_async_context(firefox(tmp_path_factory.mktemp("firefox")))
        # Software rendering of a desktop's window leaves Firefox no CPU time to decode with.
        await gecko.phone()
        gtk = await stack.enter_async_context(webkit(tmp_path_factory.mktemp("webkit")))
        yield {"firefox": gecko, "webkit": gtk}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("name", "player"),
    [(name, player) for name in ("firefox", "webkit") for player in ("webcodecs", "mse", "hls")],
)
async def test_a_room_plays(
    browsers: dict[str, Browser], watch: str, name: str, player: str
) -> None:
    """Frames change, even after unmuting."""
    browser = browsers[name]
    await browser.goto(f"{watch}?player={player}&stats")
    seen = await _plays(browser)
    assert (seen["stats"]["player"], seen["stats"]["why"]) == (player, "asked for")
    await browser.click("#unmute")
    await browser.until("!microlive.stats().muted")
    heard = await _plays(browser)
    assert heard["stats"]["frames"] > 0 and (heard["stats"]["width"], heard["stats"]["height"]) == (
        WIDTH,
        HEIGHT,
    )
    # Without a sound card WebKitGTK discards sound, and Firefox starts none.
    if (name, player) == ("webkit", "webcodecs"):
        await browser.until("microlive.stats().sound.played > 500")
    assert heard["stats"]["rebuilds"] == 0
    await browser.goto("about:blank")


@pytest.mark.timeout(150)
async def test_webkit_plays_where_the_media_source_is_managed(
    browsers: dict[str, Browser], watch: str
) -> None:
    """iPhones have only ManagedMediaSource; here WebKitGTK has nothing else."""
    browser = browsers["webkit"]
    await browser.goto(f"{watch.partition('/r/')[0]}/healthz")
    await browser.evaluate(f"({WITHOUT_MEDIA_SOURCE})({json.dumps(f'{watch}?player=mse')})")
    await browser.until("typeof microlive === 'object'")
    seen = await _plays(browser)
    assert seen["stats"]["player"] == "mse" and seen["stats"]["rebuilds"] == 0
    source = await browser.evaluate(
        "[typeof MediaSource, document.querySelector('#video').srcObject?.constructor.name]"
    )
    assert source == ["undefined", "ManagedMediaSource"]
    await browser.goto("about:blank")


@pytest.mark.timeout(150)
@pytest.mark.parametrize("name", ["firefox", "webkit"])
async def test_the_page_picks_a_player_that_plays(
    browsers: dict[str, Browser], watch: str, name: str
) -> None:
    browser = browsers[name]
    await browser.goto(watch)
    seen = await _plays(browser)
    assert (seen["stats"]["player"], seen["stats"]["why"]) == (
        "webcodecs",
        "the best in this browser",
    )
    await browser.goto("about:blank")


async def test_a_player_that_a_browser_lacks_is_reported(
    browsers: dict[str, Browser], watch: str
) -> None:
    """Debian's Firefox has WebRTC without H.264; WebKitGTK has no WebRTC."""
    for name, words in (("firefox", "H.264"), ("webkit", "whep")):
        await browsers[name].goto(f"{watch}?player=whep")
        await browsers[name].until("document.querySelector('#stage').dataset.state === 'sorry'")
        assert words in await browsers[name].evaluate(
            "document.querySelector('#card-sorry').innerText"
        )


async def _plays(browser: Browser) -> dict[str, Any]:
    """Waits until frames follow at their pace. Returns what was seen."""
    await browser.until("microlive.stats().playing", WITHIN)
    deadline = time.monotonic() + WITHIN
    while True:
        seen: dict[str, Any] = await browser.evaluate(EYES)
        # A loaded machine shows ten frames a second. Media time may jump once, to the live edge.
        advanced = seen["advanced"] or 0.0  # null while the player has no position
        if seen["pictures"] >= LOOK / 100 and LOOK / 2 < advanced < 2 * LOOK:
            return seen
        assert time.monotonic() < deadline, seen
