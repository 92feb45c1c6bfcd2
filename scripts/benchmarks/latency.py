"""Glass to glass, and time to first picture: the watch page beside direct WebRTC, in one run.

A creator's canvas shows a time code; the viewer's page reads it back from its video element on every animation frame. What differs between
the two ways is all that lies between: encoder settings, pages' sizes, sound and the readback are the same. They take turns in slots, each
with fresh pages, so that neither pays for the other's CPU and a noisy minute hits both.
"""

import asyncio
import math
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp
from playwright.async_api import Browser, Page

from scripts.benchmarks import timecode
from scripts.benchmarks.chromium import TooLate, script, until
from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.load_run import LOAD
from scripts.benchmarks.studio import WITHIN, context_of, end_live, go_live

Way = Literal["direct", "mse"]
Progress = Callable[[str], None]

SETTLE = 3.0
"""Seconds at the beginning of a slot that are not counted: congestion control ramps up, the player finds its place."""
MSE_BAR = 300.0
JOIN_P50_BAR = 200.0
JOIN_P95_BAR = 400.0

EMPTY = "new Promise(resolve => requestAnimationFrame(() => resolve(performance.now())))"
WATCH = "window.sampler = timecode.watch(() => document.querySelector('video'))"
PLAYING: dict[Way, str] = {
    "direct": "direct.heard().then(heard => heard && sampler.started)",
    "mse": "sampler.started && document.querySelector('video').webkitAudioDecodedByteCount > 0",
}


class BrokenWay(Exception):
    """A slot in which nothing, or no sound, arrived."""


@dataclass(slots=True)
class Slot:
    """What one way showed while it had its turn."""

    way: Way
    ages: list[int]
    unread: int
    """Animation frames whose time code could not be read."""
    player: dict[str, Any] = field(default_factory=dict)
    """The watch page's own numbers at the end."""


@dataclass(frozen=True, slots=True)
class Report:
    slots: list[Slot]
    joins: list[float]
    """ms from navigation to the first picture that went to the screen with something to be seen in it."""
    empty: list[float]
    """ms from navigation to the first animation frame of an empty page, in turns with the joins: what the browser and the machine take of them."""

    def of(self, way: Way) -> Figures:
        return Figures.of(age for slot in self.slots if slot.way == way for age in slot.ages)

    @property
    def ratio(self) -> float:
        direct = self.of("direct").p50
        return self.of("mse").p50 / direct if direct > 0 else math.nan

    @property
    def bars(self) -> list[Bar]:
        bars = [Bar("MSE, glass to glass, p50", self.of("mse").p50, MSE_BAR, "ms")] if self.slots else []
        if self.joins:
            joins = Figures.of(self.joins)
            bars += [Bar("first picture, p50", joins.p50, JOIN_P50_BAR, "ms"), Bar("first picture, p95", joins.p95, JOIN_P95_BAR, "ms")]
        return bars

    def as_json(self) -> dict[str, Any]:
        direct, mse, ratio = self.of("direct"), self.of("mse"), self.ratio
        return {
            "unit": "ms",
            "direct": direct.as_json(),
            "mse": mse.as_json(),
            "ratio": None if math.isnan(ratio) else round(ratio, 2),
            "slots": [{"way": slot.way, "unread": slot.unread, **Figures.of(slot.ages).as_json(), "player": slot.player} for slot in self.slots],
            "first_picture": Figures.of(self.joins).as_json(),
            "joins": [round(join, 1) for join in self.joins],
            "empty_page": Figures.of(self.empty).as_json(),
            "bars": [
                {"name": bar.name, "value": None if math.isnan(bar.value) else round(bar.value, 1), "limit": bar.limit, "kept": bar.kept} for bar in self.bars
            ],
        }


async def measure(url: str, creators: Browser, viewers: Browser, *, slots: int, seconds: float, joins: int, progress: Progress) -> Report:
    """`slots` turns of `seconds` for each way, then `joins` viewers one after the other. Raises BrokenWay, and Playwright's TimeoutError."""
    measured = []
    for turn in range(slots):
        # Whoever comes second finds warm caches: they take turns at that too.
        ways: list[Way] = ["direct", "mse"] if turn % 2 == 0 else ["mse", "direct"]
        for way in ways:
            progress(f"slot {turn + 1} of {slots}: {way}")
            measured.append(await _direct(url, creators, viewers, seconds) if way == "direct" else await _mse(url, creators, viewers, seconds))
    return Report(measured, *(await _joins(url, viewers, joins, progress) if joins else ([], [])))


async def _direct(url: str, creators: Browser, viewers: Browser, seconds: float) -> Slot:
    async with _page(creators, "timecode") as creator, _page(viewers, "timecode") as viewer:
        for page in (creator, viewer):
            # An empty page, but of an origin that may use the camera: pages that may not get no loopback candidates.
            await page.goto(f"{url}/healthz")
            await page.context.grant_permissions(["camera", "microphone"])
            await page.evaluate(script("direct"))
        await viewer.evaluate(WATCH)
        answer = await viewer.evaluate("sdp => direct.answer(sdp)", await creator.evaluate("direct.offer()"))
        if "H264" not in answer:
            raise BrokenWay("direct: these browsers agree on no H.264")
        await creator.evaluate("sdp => direct.accept(sdp)", answer)
        return await _sample(viewer, "direct", seconds)


async def _mse(url: str, creators: Browser, viewers: Browser, seconds: float) -> Slot:
    studio, watch = await go_live(creators, url, "camera")
    async with _page(viewers, "timecode") as viewer:
        await viewer.goto(watch + "?player=mse")
        await viewer.evaluate(WATCH)
        await viewer.click("#unmute")
        slot = await _sample(viewer, "mse", seconds)
        slot.player = await viewer.evaluate("microlive.stats()")
    await end_live(studio)
    return slot


@asynccontextmanager
async def _page(browser: Browser, *scripts: str) -> AsyncIterator[Page]:
    context = await context_of(browser, *scripts)
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def _sample(viewer: Page, way: Way, seconds: float) -> Slot:
    try:
        await until(viewer, PLAYING[way], WITHIN)
    except TooLate:
        told = await viewer.evaluate("window.microlive?.stats()") or ""
        raise BrokenWay(f"{way}: nothing, or no sound, after {WITHIN:g} s on {viewer.url} {told}") from None
    await asyncio.sleep(SETTLE)
    await viewer.evaluate("void sampler.take()")
    await asyncio.sleep(seconds)
    samples = [(now, word) for now, word in await viewer.evaluate("sampler.take()")]
    if await viewer.evaluate("(video => video.muted || video.paused)(document.querySelector('video'))"):
        raise BrokenWay(f"{way}: plays without sound")
    ages = list(timecode.ages(samples))
    if not ages:
        raise BrokenWay(f"{way}: of {len(samples)} pictures none shows a time code")
    return Slot(way, ages, len(samples) - len(ages))


async def _joins(url: str, viewers: Browser, count: int, progress: Progress) -> tuple[list[float], list[float]]:
    """`Report.joins` and `Report.empty`, each visit in a fresh context.

    The creator sends a loop that was encoded beforehand: in life the encoder is a phone's, and does not take the core that the viewer's browser joins on.
    """
    joins, empty = [], []
    async with _creator(url, SETTLE + 10 + count * 5) as watch:
        # As a room that has been live for a while: keyframes on their timer.
        await asyncio.sleep(SETTLE)
        for number in range(count):
            progress(f"join {number + 1} of {count}")
            # Joins must not fall into step with the keyframes' timer.
            await asyncio.sleep(0.3 + 0.137 * (number % 7))
            async with _page(viewers, "first_picture") as page:
                joins.append(await _visit(page, watch + "?player=mse", "firstPicture"))
            await asyncio.sleep(0.3)
            async with _page(viewers) as page:
                empty.append(await _visit(page, f"{url}/healthz", EMPTY))
    return joins, empty


@asynccontextmanager
async def _creator(url: str, seconds: float) -> AsyncIterator[str]:
    """A room that a creator of scripts/load is live in, for `seconds` at most; its URL."""
    with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(LOAD), "creators", url, "-n", "1", "--ramp", "0", "--seconds", str(min(3_000, seconds)), "--size", "640x360"),
            *("--report", folder),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield f"{url}/r/{await _live_room(url)}"
        finally:
            process.send_signal(signal.SIGINT)
            await process.wait()


async def _live_room(url: str) -> str:
    """The name of the room that is live, once there is one. Raises BrokenWay."""
    with suppress(TimeoutError):
        async with aiohttp.ClientSession() as http, asyncio.timeout(WITHIN):
            while True:
                async with http.get(f"{url}/api/rooms") as answer:
                    for room in (await answer.json())["rooms"]:
                        if room["state"] == "live":
                            return str(room["room"])
                await asyncio.sleep(0.1)
    raise BrokenWay(f"joins: no room was live after {WITHIN:g} s")


async def _visit(page: Page, url: str, moment: str) -> float:
    """Opens `url` and returns what the expression `moment` promises."""
    async with asyncio.timeout(WITHIN):
        await page.goto(url, wait_until="commit")
        return float(await page.evaluate(moment))
