"""Glass to glass, and time to first picture: the watch page on each of its paths beside direct
WebRTC, in one run.

A creator's canvas shows a time code; the viewer's page reads it back from its video or canvas on
every animation frame. What differs between the ways is all that lies between: encoder settings,
pages' sizes, sound and the readback are the same. They take turns in slots, each with fresh pages,
so that none pays for the others' CPU and a noisy minute hits all.
"""

import asyncio
import math
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from playwright.async_api import Browser, Page

from scripts.benchmarks import timecode
from scripts.benchmarks.chromium import TooLate, script, until
from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.load_run import LOAD
from scripts.benchmarks.studio import WITHIN, context_of, end_live, go_live

Progress = Callable[[str], None]

SETTLE = 3.0
"""Seconds at the beginning of a slot that are not counted: congestion control ramps up, the player
finds its place.
"""
JOIN_P50_BAR = 150.0
JOIN_P95_BAR = 300.0

DECODED = "document.querySelector('video').webkitAudioDecodedByteCount"

DIRECT = "direct"
"""The yardstick: one browser's camera straight to another browser."""


@dataclass(frozen=True, slots=True)
class Path:
    """A player of the watch page."""

    title: str
    heard: str
    """JavaScript: ms or bytes of sound so far."""
    bar: float | None
    """ms, glass to glass, p50; None: beside direct WebRTC of the same run."""
    p95_bar: float | None = None
    """ms, glass to glass, p95; None: there is none."""
    joins: bool = True
    """Whether its first picture has a bar too."""
    settle: float = SETTLE
    """Seconds that it takes to find its place."""


PATHS = {
    "webcodecs": Path("WebCodecs", "(microlive.stats().sound?.played ?? 0)", None),
    "mse": Path("MSE", DECODED, 250.0),
    "whep": Path("WHEP", "connections.heard()", None, joins=False),
    "hls": Path("LL-HLS", DECODED, 1_600.0, 2_000.0, joins=False, settle=8.0),
}
"""By the name that `?player=` forces."""

EMPTY = "new Promise(resolve => requestAnimationFrame(() => resolve(performance.now())))"
PLAYED = "window.microlive?.stats().firstPicture || 0"
WATCH = "window.sampler = timecode.watch(() => document.querySelector('.screen, video'))"
STALLS = "window.microlive?.stats().stalls ?? 0"
HEARD_DIRECTLY = "direct.heard()"


class BrokenWay(Exception):
    """A slot in which nothing, or no sound, arrived."""


@dataclass(slots=True)
class Slot:
    """What one way showed while it had its turn."""

    way: str
    """DIRECT or one of PATHS."""
    ages: list[int]
    unread: int
    """Animation frames whose time code could not be read."""
    player: dict[str, Any] = field(default_factory=dict)
    """The watch page's own numbers at the end."""
    stalls: int = 0
    """Of the player, while it was measured."""


@dataclass(frozen=True, slots=True)
class Report:
    slots: list[Slot]
    joins: dict[str, list[float]]
    """By path: ms from navigation to the first picture that went to the screen with something to be
    seen in it.
    """
    empty: list[float]
    """ms from navigation to the first animation frame of an empty page, in turns with the joins:
    what the browser and the machine take of them.
    """
    played: dict[str, list[float]] = field(default_factory=dict)
    """By path: ms from navigation to the player's own first picture. What goes to the screen before
    it is the picture that the page brings along.
    """

    @property
    def ways(self) -> list[str]:
        return list(dict.fromkeys(slot.way for slot in self.slots))

    def of(self, way: str) -> Figures:
        return Figures.of(age for slot in self.slots if slot.way == way for age in slot.ages)

    def ratio(self, way: str) -> float:
        direct = self.of(DIRECT).p50
        return self.of(way).p50 / direct if direct > 0 else math.nan

    @property
    def bars(self) -> list[Bar]:
        bars = []
        direct = self.of(DIRECT).p50
        for way in self.ways:
            if way != DIRECT:
                path = PATHS[way]
                limit = max(1.5 * direct, direct + 25) if path.bar is None else path.bar
                bars.append(
                    Bar(f"{path.title}, glass to glass, p50", self.of(way).p50, limit, "ms")
                )
                if path.p95_bar is not None:
                    stalls = sum(slot.stalls for slot in self.slots if slot.way == way)
                    bars.append(
                        Bar(
                            f"{path.title}, glass to glass, p95",
                            self.of(way).p95,
                            path.p95_bar,
                            "ms",
                        )
                    )
                    bars.append(Bar(f"{path.title}, stalls", stalls, 0, ""))
        for way, times in self.joins.items():
            if times and PATHS[way].joins:
                joins, title = Figures.of(times), PATHS[way].title
                bars += [
                    Bar(f"{title}, first picture, p50", joins.p50, JOIN_P50_BAR, "ms"),
                    Bar(f"{title}, first picture, p95", joins.p95, JOIN_P95_BAR, "ms"),
                ]
        return bars

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": "ms",
            "glass_to_glass": {way: self.of(way).as_json() for way in self.ways},
            "ratios": {
                way: None if math.isnan(ratio) else round(ratio, 2)
                for way in self.ways
                if way != DIRECT
                for ratio in [self.ratio(way)]
            },
            "slots": [
                {
                    "way": slot.way,
                    "unread": slot.unread,
                    "stalls": slot.stalls,
                    **Figures.of(slot.ages).as_json(),
                    "player": slot.player,
                }
                for slot in self.slots
            ],
            "first_picture": {
                way: Figures.of(joins).as_json() for way, joins in self.joins.items()
            },
            "joins": {way: [round(join, 1) for join in joins] for way, joins in self.joins.items()},
            "players_first_picture": {
                way: Figures.of(moments).as_json() for way, moments in self.played.items()
            },
            "empty_page": Figures.of(self.empty).as_json(),
            "bars": [
                {
                    "name": bar.name,
                    "value": None if math.isnan(bar.value) else round(bar.value, 1),
                    "limit": round(bar.limit, 1),
                    "kept": bar.kept,
                }
                for bar in self.bars
                if not math.isnan(bar.limit)
            ],
        }


async def measure(
    url: str,
    creators: Browser,
    viewers: Browser,
    *,
    paths: Sequence[str],
    slots: int,
    seconds: float,
    joins: int,
    progress: Progress,
) -> Report:
    """`slots` turns of `seconds` for direct WebRTC and each of `paths`, then `joins` viewers on
    each. Raises BrokenWay, and Playwright's TimeoutError.
    """
    measured = []
    ways = [DIRECT, *paths]
    for turn in range(slots):
        # Whoever comes second finds warm caches: they take turns at that too.
        for way in ways if turn % 2 == 0 else reversed(ways):
            progress(f"slot {turn + 1} of {slots}: {way}")
            measured.append(
                await (
                    _direct(url, creators, viewers, seconds)
                    if way == DIRECT
                    else _watch(url, creators, viewers, way, seconds)
                )
            )
    report = Report(measured, {way: [] for way in paths}, [], {way: [] for way in paths})
    if joins:
        await _join(url, viewers, report, joins, progress)
    return report


async def _direct(url: str, creators: Browser, viewers: Browser, seconds: float) -> Slot:
    async with _page(creators, "timecode") as creator, _page(viewers, "timecode") as viewer:
        for page in (creator, viewer):
            # An empty page, but of an origin that may use the camera: pages that may not get no
            # loopback candidates.
            await page.goto(f"{url}/healthz")
            await page.context.grant_permissions(["camera", "microphone"])
            await page.evaluate(script("direct"))
        await viewer.evaluate(WATCH)
        answer = await viewer.evaluate(
            "sdp => direct.answer(sdp)", await creator.evaluate("direct.offer()")
        )
        if "H264" not in answer:
            raise BrokenWay("direct: these browsers agree on no H.264")
        await creator.evaluate("sdp => direct.accept(sdp)", answer)
        return await _sample(viewer, DIRECT, HEARD_DIRECTLY, seconds)


async def _watch(url: str, creators: Browser, viewers: Browser, way: str, seconds: float) -> Slot:
    studio, watch = await go_live(creators, url, "camera")
    async with _page(viewers, "timecode", "connections") as viewer:
        await viewer.goto(f"{watch}?player={way}")
        await viewer.evaluate(WATCH)
        await viewer.click("#unmute")
        slot = await _sample(viewer, way, PATHS[way].heard, seconds, PATHS[way].settle)
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


async def _sample(
    viewer: Page, way: str, heard: str, seconds: float, settle: float = SETTLE
) -> Slot:
    try:
        await until(viewer, f"(async () => sampler.started && await {heard} > 0)()", WITHIN)
    except TooLate:
        told = await viewer.evaluate("window.microlive?.stats()") or ""
        raise BrokenWay(
            f"{way}: nothing, or no sound, after {WITHIN:g} s on {viewer.url} {told}"
        ) from None
    await asyncio.sleep(settle)
    await viewer.evaluate("void sampler.take()")
    before, stalls = await viewer.evaluate(heard), await viewer.evaluate(STALLS)
    await asyncio.sleep(seconds)
    samples = [(now, word) for now, word in await viewer.evaluate("sampler.take()")]
    if not await viewer.evaluate(heard) > before:
        raise BrokenWay(f"{way}: plays without sound")
    ages = list(timecode.ages(samples))
    if not ages:
        raise BrokenWay(f"{way}: of {len(samples)} pictures none shows a time code")
    return Slot(way, ages, len(samples) - len(ages), stalls=await viewer.evaluate(STALLS) - stalls)


async def _join(url: str, viewers: Browser, report: Report, count: int, progress: Progress) -> None:
    """Fills what the report has of joins, each visit in a fresh context.

    The creator sends a loop that was encoded beforehand: in life the encoder is a phone's, and does
    not take the core that the viewer's browser joins on.
    """
    async with _creator(url, SETTLE + 10 + count * 3 * (1 + len(report.joins))) as watch:
        # As a room that has been live for a while: keyframes on their timer.
        await asyncio.sleep(SETTLE)
        for number in range(count):
            progress(f"join {number + 1} of {count}")
            for way in report.joins:
                # Joins must not fall into step with the keyframes' timer.
                await asyncio.sleep(0.3 + 0.137 * (number % 7))
                async with _page(viewers, "first_picture") as page:
                    report.joins[way].append(
                        await _visit(page, f"{watch}?player={way}", "firstPicture")
                    )
                    report.played[way].append(await until(page, PLAYED, WITHIN))
            await asyncio.sleep(0.3)
            async with _page(viewers) as page:
                report.empty.append(await _visit(page, f"{url}/healthz", EMPTY))


@asynccontextmanager
async def _creator(url: str, seconds: float) -> AsyncIterator[str]:
    """A room that a creator of scripts/load is live in, for `seconds` at most; its URL."""
    with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                str(LOAD),
                "creators",
                url,
                "-n",
                "1",
                "--ramp",
                "0",
                "--seconds",
                str(min(3_000, seconds)),
                "--size",
                "640x360",
            ),
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
