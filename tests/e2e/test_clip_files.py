"""Clip files play from the first to the last frame in Chromium, Firefox and WebKitGTK."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser

from scripts.benchmarks.webkit import webkit
from server.clips.cut import cut
from server.clips.maker import ClipMaker
from tests.e2e.firefox import firefox
from tests.fixtures import live_samples as live
from tests.fixtures.media import luma_of
from tests.fixtures.workers import running_workers

S = 1_000_000
SECONDS = 6
PAGE = '<!doctype html><video src="files/clip.mp4" muted playsinline preload="auto"></video>'
# Plays the clip. Then reads the grey value of the frame that is shown at the end and at the start.
PLAY = """(async () => {
    const video = document.querySelector('video');
    const event = name => new Promise((done, fail) => {
        video.addEventListener(name, done, { once: true });
        video.onerror = () => fail(video.error.message);
    });
    const grey = () => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 });
        const context = canvas.getContext('2d');
        context.drawImage(video, 0, 0, 8, 8);
        return context.getImageData(4, 4, 1, 1).data[1];
    };
    const ended = event('ended');
    video.muted = true;
    video.playbackRate = 2;
    await video.play();
    await ended;
    const last = grey();
    const played = [video.played.length, video.played.start(0), video.played.end(0)];
    const seeked = event('seeked');
    video.currentTime = 0;
    await seeked;
    const { duration, videoWidth, videoHeight } = video;
    return { duration, videoWidth, videoHeight, played, last, first: grey() };
})()"""


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a page with a clip. The clip is served with ranges."""
    samples = live.together(live.video(20), live.sound(20))
    chosen = cut(samples, [(10 * S, live.track())], 14 * S, (14 + SECONDS) * S)
    async with running_workers() as workers:
        files = await ClipMaker(workers).make(chosen)
    (tmp_path / "clip.mp4").write_bytes(files.video)
    application = web.Application()
    application.router.add_static("/files", tmp_path)

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    application.router.add_get("/", page)
    runner = web.AppRunner(application)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


def full_range(luma: int) -> float:
    return (luma - 16) * 255 / 219


def check(name: str, found: dict[str, Any]) -> None:
    assert found["duration"] == pytest.approx(SECONDS, abs=1 / 30), name
    assert (found["videoWidth"], found["videoHeight"]) == (64, 48), name
    ranges, start, end = found["played"]
    assert (ranges, start) == (1, 0) and end == pytest.approx(SECONDS, abs=1 / 30), (name, found)
    first, last = luma_of(0), luma_of((SECONDS * live.FPS - 1 + 4 * live.FPS) % (2 * live.GOP))
    assert found["first"] == pytest.approx(full_range(first), abs=8), (name, found)
    assert found["last"] == pytest.approx(full_range(last), abs=8), (name, found)


@pytest.mark.timeout(150)
async def test_a_clip_plays_from_its_first_to_its_last_frame(
    chromium: Browser, site: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def in_chromium() -> None:
        context = await chromium.new_context()
        page = await context.new_page()
        await page.goto(site)
        check("chromium", await page.evaluate(PLAY))
        await context.close()

    async def in_firefox() -> None:
        async with firefox(tmp_path_factory.mktemp("firefox")) as gecko:
            await gecko.goto(site)
            check("firefox", await gecko.evaluate(PLAY))

    async def in_webkit() -> None:
        async with webkit(tmp_path_factory.mktemp("webkit")) as gtk:
            await gtk.goto(site)
            check("webkit", await gtk.evaluate(PLAY))

    async with asyncio.TaskGroup() as group:
        for play in (in_chromium, in_firefox, in_webkit):
            group.create_task(play())
