"""Interruptions of publishers: a killed browser, a lost camera, a lost network. Viewers stay."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Playwright

from scripts.benchmarks.chromium import ARGUMENTS, executable, until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Room, Studio, Visitors
from tests.e2e.proxy import TcpProxy, UdpProxy

NOTICED = 2_000
"""ms within which the studio must report a problem."""
SLACK = 700
"""ms more on a loaded machine."""

# When the page's notice appeared and vanished, on the page's clock.
WATCH_NOTICE = """
document.addEventListener('DOMContentLoaded', () => {
  const notice = document.querySelector('#notice');
  const seen = window.notices = [];
  const observer = new MutationObserver(() => {
    seen.push({ at: performance.now(), text: notice.hidden ? '' : notice.innerText });
  });
  observer.observe(notice, {
    attributes: true, childList: true, characterData: true, subtree: true,
  });
});
"""

# A camera that stops delivering frames while its track is live, and a browser that refuses, both on
# command.
CAMERA = """
if (navigator.mediaDevices) {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const cameras = window.cameras = { refuse: '', painters: [] };
  navigator.mediaDevices.getUserMedia = async constraints => {
    if (cameras.refuse) throw new DOMException('refused', cameras.refuse);
    const sound = constraints.audio ? await ask({ audio: true }) : new MediaStream();
    if (!constraints.video) return sound;
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const context = canvas.getContext('2d');
    let n = 0;
    const paint = () => {
      context.fillStyle = `hsl(${n++ * 3} 80% 50%)`;
      context.fillRect(0, 0, 640, 360);
    };
    cameras.painters.push(setInterval(paint, 33));
    return new MediaStream([...canvas.captureStream().getVideoTracks(), ...sound.getTracks()]);
  };
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def actor(visitors: Visitors, server: LocalServer) -> AsyncIterator[Studio]:
    """A live publisher whose camera the test controls."""
    made = await visitors.studio(server.url, WATCH_NOTICE, CAMERA)
    await made.go_live("A test")
    yield made


async def noticed(studio: Studio, since: float, words: str) -> float:
    """ms from `since`, on the page's clock, to the notice about it."""
    await until(
        studio.page, f"notices.some(({{ at, text }}) => at >= {since} && text.includes('{words}'))"
    )
    at: float = await studio.page.evaluate(
        f"notices.find(({{ at, text }}) => at >= {since} && text.includes('{words}')).at"
    )
    return at - since


async def quiet(studio: Studio) -> None:
    await until(studio.page, "document.querySelector('#notice').hidden")


def process_of(profile: Path) -> int:
    """The browser's main process, found by its profile."""
    for entry in Path("/proc").iterdir():
        try:
            arguments = (
                (entry / "cmdline").read_bytes().decode().split("\0")
                if entry.name.isdigit()
                else []
            )
        except OSError:
            continue
        if f"--user-data-dir={profile}" in arguments and not any(
            argument.startswith("--type=") for argument in arguments
        ):
            return int(entry.name)
    raise AssertionError("no browser has this profile")


@pytest.mark.timeout(120)
async def test_a_creator_whose_browser_is_killed_comes_back_into_the_same_live(
    visitors: Visitors, server: LocalServer, playwright: Playwright, tmp_path: Path
) -> None:
    async def open_browser() -> tuple[BrowserContext, Studio]:
        context = await playwright.chromium.launch_persistent_context(
            tmp_path,
            executable_path=executable(),
            args=[*ARGUMENTS, "--hide-crash-restore-bubble"],
            viewport={"width": 480, "height": 270},
        )
        page = context.pages[0]
        await page.goto(f"{server.url}/live")
        return context, Studio(page)

    context, studio = await open_browser()
    watch = await studio.go_live("Back soon")
    rooms = [await visitors.room(watch) for _ in range(2)]
    for room in rooms:
        await room.pictured()
        await room.page.evaluate("window.neverReloaded = true")
    await asyncio.gather(
        *(room.plays(6) for room in rooms)
    )  # meanwhile the browser stores its session on disk
    gone = context.wait_for_event("close")
    os.kill(process_of(tmp_path), signal.SIGKILL)
    await gone
    await asyncio.gather(*(room.state("away", within=9) for room in rooms))
    for room in rooms:
        await until(room.page, "!document.querySelector('#card-away').hidden", 1)
    lost = [await room.seen() for room in rooms]

    context, studio = await open_browser()
    await studio.is_live()
    await asyncio.gather(
        *(_plays_again(room, before["frames"]) for room, before in zip(rooms, lost, strict=True))
    )
    await asyncio.gather(*(room.plays(2) for room in rooms))
    for room in rooms:
        assert await room.page.evaluate("window.neverReloaded"), "a viewer had to reload"
        assert not await room.page.is_visible("#card-away")
        assert (await room.stats())["rebuilds"] == 0
    await studio.end()
    await context.close()


async def _plays_again(room: Room, frames: int) -> None:
    """Checks that new frames come within a second, by the viewer's clock."""
    returned = await room.page.evaluate("performance.now()")
    first = await room.shows(lambda seen: seen["frames"] > frames, within=5)
    assert first["at"] - returned < 1_000


async def test_a_camera_that_is_taken_away_is_taken_again(
    actor: Studio, visitors: Visitors
) -> None:
    room = await visitors.room(actor.watch)
    await room.plays(1)
    since = await actor.page.evaluate(
        """() => {
            window.cameras.refuse = 'NotReadableError';
            const [track] = document.querySelector('#preview').srcObject.getVideoTracks();
            track.stop();
            track.dispatchEvent(new Event('ended'));
            return performance.now();
        }"""
    )
    assert await noticed(actor, since, "The camera stopped") < NOTICED
    await noticed(actor, since, "another app uses the camera")
    assert await actor.page.get_attribute("#health", "data-light") is not None
    await actor.page.evaluate("window.cameras.refuse = ''")
    await quiet(actor)
    assert (
        await actor.page.evaluate(
            "document.querySelector('#preview').srcObject.getVideoTracks()[0].readyState"
        )
        == "live"
    )
    await room.plays(2)
    assert await actor.page.evaluate("connections.made.length") == 1, (
        "a new camera needs no new session"
    )


async def test_a_camera_that_says_it_is_live_and_gives_nothing_is_taken_again(
    actor: Studio, visitors: Visitors
) -> None:
    room = await visitors.room(actor.watch)
    await room.plays(1)
    since = await actor.page.evaluate(
        "window.cameras.painters.forEach(clearInterval), performance.now()"
    )
    assert await noticed(actor, since, "The camera stopped") < NOTICED + SLACK
    await quiet(actor)
    await room.plays(2)
    assert await actor.page.evaluate("window.cameras.painters.length") == 2, (
        "taken once, not again and again"
    )


async def test_a_permission_that_is_withdrawn_is_asked_for_on_a_tap_only(actor: Studio) -> None:
    asked = "window.asked"
    since = await actor.page.evaluate(
        """() => {
            window.asked = 0;
            navigator.mediaDevices.getUserMedia = (before => async constraints => {
                window.asked++;
                if (window.asked < 2) throw new DOMException('no', 'NotAllowedError');
                return before(constraints);
            })(navigator.mediaDevices.getUserMedia);
            const [track] = document.querySelector('#preview').srcObject.getVideoTracks();
            track.stop();
            track.dispatchEvent(new Event('ended'));
            return performance.now();
        }"""
    )
    await noticed(actor, since, "no longer allows the camera")
    assert await actor.page.evaluate(asked) == 1
    await actor.page.click("#notice-retry")
    await quiet(actor)
    assert await actor.page.evaluate(asked) == 2


@pytest.mark.timeout(120)
async def test_a_network_that_is_lost_and_comes_back(
    visitors: Visitors, server: LocalServer
) -> None:
    """No packet passes in either direction.

    The studio reports it within two seconds, and continues when the network returns.
    """
    visitors.complaints.allow(
        r"ERR_(CONNECTION|INTERNET|SOCKET|EMPTY|TIMED)|Failed to load resource"
        r"|WebSocket connection to"
    )
    async with TcpProxy(server.url) as proxy, UdpProxy(server.url) as media:
        studio = await visitors.studio(proxy.url, WATCH_NOTICE, media.script)
        watch = await studio.go_live("Into the tunnel")
        room = await visitors.room(f"{server.url}/r/{watch.rpartition('/')[2]}")
        await room.plays(2)
        media.cut = True
        await proxy.cut("silent")
        since = await studio.page.evaluate("performance.now()")
        assert await noticed(studio, since, "Connection lost") < NOTICED + SLACK
        assert (
            await studio.page.evaluate("document.querySelector('#health').dataset.light") == "bad"
        )
        await room.state("away", within=10)
        lost = await room.seen()
        await studio.page.context.set_offline(True)
        await noticed(studio, since, "No network")
        media.cut = False
        await proxy.restore()
        await studio.page.context.set_offline(False)
        # Bytes that the path dropped are lost: idle connections are dead without the browser
        # knowing, and each costs an attempt.
        await studio.is_live(8)
        await _plays_again(room, lost["frames"])
        await quiet(studio)
        await room.plays(2)
        await until(studio.page, "document.querySelector('#health').dataset.light !== 'bad'")


async def test_the_creator_sees_what_viewers_see(studio: Studio, visitors: Visitors) -> None:
    assert await studio.page.inner_text("#audience") == "No viewers yet"
    room = await visitors.room(studio.watch)
    await room.plays(2)
    await until(
        studio.page,
        (
            "/Your viewer sees you · \\d+ ms "
            "behind/.test(document.querySelector('#audience').innerText)"
        ),
        10,
    )
    assert (
        await studio.page.evaluate(
            "getComputedStyle(document.querySelector('#health-details')).display"
        )
        == "none"
    )
    await studio.page.click("#health")
    assert await studio.page.get_attribute("#health", "aria-expanded") == "true"
    await until(studio.page, "document.querySelector('#details-seen').innerText.includes('1 of 1')")
    await until(
        studio.page,
        "/Stalled in last 30 s\\s+[01] of 1/"
        ".test(document.querySelector('#details-seen').innerText)",
    )
    await until(
        studio.page,
        "/Players\\s+WebCodecs 1/.test(document.querySelector('#details-seen').innerText)",
    )
    await until(
        studio.page, "/\\d+ fps/.test(document.querySelector('#details-received').innerText)"
    )
    await until(
        studio.page, "/\\d+ × \\d+/.test(document.querySelector('#details-sent').innerText)"
    )
    await room.page.context.close()
    await until(
        studio.page,
        "document.querySelector('#audience').innerText === 'No viewers yet'",
        10,
    )
