"""Measures glass-to-glass latency and the time to the first picture. Compares the watch page on
each playback path with direct WebRTC, in one run.

A creator's canvas shows a time code. The viewer's page reads the time code from its video or canvas
on every animation frame. Only the path between the two pages differs; encoder settings, page sizes,
audio and reading are the same. The paths take turns, and each turn (slot) opens new pages. So the
paths do not compete for CPU, and a noisy minute affects all paths.
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
from scripts.benchmarks.paths import PATHS, SETTLE
from scripts.benchmarks.studio import WITHIN, context_of, end_live, go_live

Progress = Callable[[str], None]

JOIN_P50_BAR = 150.0
JOIN_P95_BAR = 300.0

DIRECT = "direct"
"""Name of the baseline, in which one browser sends its camera directly to another browser."""


EMPTY = "new Promise(resolve => requestAnimationFrame(() => resolve(performance.now())))"
PLAYED = "window.microlive?.stats().firstPicture || 0"
WATCH = "window.sampler = timecode.watch(() => document.querySelector('.screen, video'))"
STALLS = "window.microlive?.stats().stalls ?? 0"
HEARD_DIRECTLY = "direct.heard()"


class BrokenPath(Exception):
    """Raised if a page shows no video or plays no audio."""


@dataclass(slots=True)
class Slot:
    """The result of measuring one path in one slot."""

    path: str
    """Name of the measured path: DIRECT or a name in PATHS."""
    ages: list[int]
    unread: int
    """Number of animation frames with an unreadable time code."""
    player: dict[str, Any] = field(default_factory=dict)
    """The watch page's statistics at the end of the slot."""
    stalls: int = 0
    """Number of times that the player stalled during the measurement."""


@dataclass(frozen=True, slots=True)
class Report:
    slots: list[Slot]
    joins: dict[str, list[float]]
    """Times from navigation until the first picture is on the screen, ms, by path."""
    empty: list[float]
    """Times from navigation to the first animation frame of an empty page, ms. These times show how
    much of each join time the browser and the machine cause. Empty pages and joins take turns.
    """
    played: dict[str, list[float]] = field(default_factory=dict)
    """Times from navigation to the player's first frame, ms, by path. Before this frame the screen
    shows the keyframe embedded in the page.
    """

    @property
    def paths(self) -> list[str]:
        return list(dict.fromkeys(slot.path for slot in self.slots))

    def of(self, path: str) -> Figures:
        return Figures.of(age for slot in self.slots if slot.path == path for age in slot.ages)

    def ratio(self, path: str) -> float:
        direct = self.of(DIRECT).p50
        return self.of(path).p50 / direct if direct > 0 else math.nan

    @property
    def bars(self) -> list[Bar]:
        bars = []
        direct = self.of(DIRECT).p50
        for path in self.paths:
            if path != DIRECT:
                playback = PATHS[path]
                limit = max(1.5 * direct, direct + 25) if playback.bar is None else playback.bar
                bars.append(
                    Bar(f"{playback.title}, glass to glass, p50", self.of(path).p50, limit, "ms")
                )
                if playback.p95_bar is not None:
                    stalls = sum(slot.stalls for slot in self.slots if slot.path == path)
                    bars.append(
                        Bar(
                            f"{playback.title}, glass to glass, p95",
                            self.of(path).p95,
                            playback.p95_bar,
                            "ms",
                        )
                    )
                    bars.append(Bar(f"{playback.title}, stalls", stalls, 0, ""))
        for path, times in self.joins.items():
            if times and PATHS[path].joins:
                joins, title = Figures.of(times), PATHS[path].title
                bars += [
                    Bar(f"{title}, first picture, p50", joins.p50, JOIN_P50_BAR, "ms"),
                    Bar(f"{title}, first picture, p95", joins.p95, JOIN_P95_BAR, "ms"),
                ]
        return bars

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": "ms",
            "glass_to_glass": {path: self.of(path).as_json() for path in self.paths},
            "ratios": {
                path: None if math.isnan(ratio) else round(ratio, 2)
                for path in self.paths
                if path != DIRECT
                for ratio in [self.ratio(path)]
            },
            "slots": [
                {
                    "path": slot.path,
                    "unread": slot.unread,
                    "stalls": slot.stalls,
                    **Figures.of(slot.ages).as_json(),
                    "player": slot.player,
                }
                for slot in self.slots
            ],
            "first_picture": {
                path: Figures.of(joins).as_json() for path, joins in self.joins.items()
            },
            "joins": {
                path: [round(join, 1) for join in joins] for path, joins in self.joins.items()
            },
            "players_first_picture": {
                path: Figures.of(moments).as_json() for path, moments in self.played.items()
            },
            "empty_page": Figures.of(self.empty).as_json(),
            "bars": [bar.as_json() for bar in self.bars],
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
    muted: bool = False,
) -> Report:
    """Measures direct WebRTC and each of `paths` in `slots` slots of `seconds` each. Then measures
    `joins` joins of viewers on each path. `muted`: whether the watch page plays without audio.
    Raises BrokenPath, and Playwright's TimeoutError.
    """
    measured = []
    order = [DIRECT, *paths]
    for turn in range(slots):
        # Alternate the order of the paths, because a later path in a turn finds warm caches.
        for path in order if turn % 2 == 0 else reversed(order):
            progress(f"slot {turn + 1} of {slots}: {path}")
            measured.append(
                await (
                    _direct(url, creators, viewers, seconds)
                    if path == DIRECT
                    else watch(url, creators, viewers, path, seconds, muted=muted)
                )
            )
    report = Report(measured, {path: [] for path in paths}, [], {path: [] for path in paths})
    if joins:
        await _join(url, viewers, report, joins, progress)
    return report


async def _direct(url: str, creators: Browser, viewers: Browser, seconds: float) -> Slot:
    async with _page(creators, "timecode") as creator, _page(viewers, "timecode") as viewer:
        for page in (creator, viewer):
            # Open an empty page and permit the camera. Without that permission, the browser gathers
            # no loopback candidates.
            await page.goto(f"{url}/healthz")
            await page.context.grant_permissions(["camera", "microphone"])
            await page.evaluate(script("direct"))
        await viewer.evaluate(WATCH)
        answer = await viewer.evaluate(
            "sdp => direct.answer(sdp)", await creator.evaluate("direct.offer()")
        )
        if "H264" not in answer:
            raise BrokenPath("direct: these browsers did not negotiate H.264")
        await creator.evaluate("sdp => direct.accept(sdp)", answer)
        return await _sample(viewer, DIRECT, HEARD_DIRECTLY, seconds)


async def watch(
    url: str, creators: Browser, viewers: Browser, path: str, seconds: float, *, muted: bool = False
) -> Slot:
    """Measures a player of the watch page in one slot. Raises BrokenPath, TooLate, and Playwright's
    errors.
    """
    studio, room = await go_live(creators, url, "camera")
    async with _page(viewers, "timecode", "connections") as viewer:
        await viewer.goto(f"{room}?player={path}")
        await viewer.evaluate(WATCH)
        if not muted:
            await viewer.click("#unmute")
        heard = "" if muted else PATHS[path].heard
        slot = await _sample(viewer, path, heard, seconds, PATHS[path].settle)
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
    viewer: Page, path: str, heard: str, seconds: float, settle: float = SETTLE
) -> Slot:
    """`heard`: expression for the amount of audio played so far; empty if the page is muted."""
    plays = f"await {heard} > 0" if heard else "true"
    try:
        await until(viewer, f"(async () => sampler.started && {plays})()", WITHIN)
    except TooLate:
        statistics = await viewer.evaluate("window.microlive?.stats()") or ""
        raise BrokenPath(
            f"{path}: no video or no audio after {WITHIN:g} s on {viewer.url} {statistics}"
        ) from None
    await asyncio.sleep(settle)
    await viewer.evaluate("void sampler.take()")
    before = await viewer.evaluate(heard) if heard else 0
    stalls = await viewer.evaluate(STALLS)
    await asyncio.sleep(seconds)
    samples = [(now, word) for now, word in await viewer.evaluate("sampler.take()")]
    if heard and not await viewer.evaluate(heard) > before:
        raise BrokenPath(f"{path}: the player played no audio during the slot")
    ages = list(timecode.ages(samples))
    if not ages:
        raise BrokenPath(f"{path}: no readable time code in {len(samples)} frames")
    return Slot(path, ages, len(samples) - len(ages), stalls=await viewer.evaluate(STALLS) - stalls)


async def _join(url: str, viewers: Browser, report: Report, count: int, progress: Progress) -> None:
    """Measures how fast viewers join, each viewer in a fresh browser context.

    The creator sends a pre-encoded loop, because an encoder would take CPU from the viewer. A real
    creator encodes on another machine.
    """
    async with looping_creator(url, SETTLE + 10 + count * 3 * (1 + len(report.joins))) as watch:
        # Wait until the keyframe timer sets the pace of keyframes, as in a room that has been live
        # for a while.
        await asyncio.sleep(SETTLE)
        for number in range(count):
            progress(f"join {number + 1} of {count}")
            for path in report.joins:
                # Vary the interval, so that joins do not coincide with the keyframe timer.
                await asyncio.sleep(0.3 + 0.137 * (number % 7))
                async with _page(viewers, "first_picture") as page:
                    report.joins[path].append(
                        await visit(page, f"{watch}?player={path}", "firstPicture")
                    )
                    report.played[path].append(await until(page, PLAYED, WITHIN))
            await asyncio.sleep(0.3)
            async with _page(viewers) as page:
                report.empty.append(await visit(page, f"{url}/healthz", EMPTY))


@asynccontextmanager
async def looping_creator(url: str, seconds: float) -> AsyncIterator[str]:
    """Runs a creator of scripts/load, who is live in a new room for at most `seconds`. Yields the
    URL of the room.
    """
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
    """Waits until a room is live and returns the name of the room. Raises BrokenPath."""
    with suppress(TimeoutError):
        async with aiohttp.ClientSession() as http, asyncio.timeout(WITHIN):
            while True:
                async with http.get(f"{url}/api/rooms") as answer:
                    for room in (await answer.json())["rooms"]:
                        if room["state"] == "live":
                            return str(room["room"])
                await asyncio.sleep(0.1)
    raise BrokenPath(f"joins: no room was live after {WITHIN:g} s")


async def visit(page: Page, url: str, moment: str) -> float:
    """Opens `url` and returns the value of the promise that the expression `moment` yields in the
    page.
    """
    async with asyncio.timeout(WITHIN):
        await page.goto(url, wait_until="commit")
        return float(await page.evaluate(moment))
