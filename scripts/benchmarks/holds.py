"""Measures how a player recovers after a hold. A hold is an interruption of the viewer's network.
Compares two viewers: a proxy interrupts the network of one viewer, but not the network of the other
viewer.

The delay is read from the frames, as in latency.py. Both pages watch at the same time, so creator
and machine are the same for both.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page

from scripts.benchmarks import timecode
from scripts.benchmarks.chromium import until
from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.latency import WATCH, Progress
from scripts.benchmarks.paths import PATHS, SETTLE
from scripts.benchmarks.pausable_proxy import PausableProxy
from scripts.benchmarks.studio import WITHIN, context_of, end_live, go_live

Age = tuple[int, int]
"""Local time in ms, and the age in ms of the frame that was on the screen at that time."""

HELD = ("webcodecs", "mse")
"""Players that must return to their earlier delay after a network interruption."""
BACK_BAR = 2_000.0
DELAY_BAR = 1.3
NEAR = 1.2, 40.0
"""Factor and margin in ms for a recovered delay. The delay has recovered if it is at most 1.2 times
the delay before the hold, or at most 40 ms above it. 40 ms are a little more than two screen
refreshes.
"""
SPELL = 0.5
"""Time for which the delay must stay low before it counts as recovered, seconds."""


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one playback path."""

    path: str
    free: Figures
    held: Figures
    back: list[float]
    """Time from the end of each hold until the delay had recovered, ms; infinity if the delay had
    not recovered before the next hold.
    """
    player: dict[str, Any]

    @property
    def ratio(self) -> float:
        return self.held.p50 / self.free.p50 if self.free.p50 > 0 else math.nan

    @property
    def bars(self) -> list[Bar]:
        title = PATHS[self.path].title
        return [
            Bar(
                f"{title}, back after a hold, slowest",
                max(self.back, default=math.nan),
                BACK_BAR,
                "ms",
            ),
            Bar(f"{title}, median delay with holds / without", self.ratio, DELAY_BAR, ""),
        ]

    def as_json(self) -> dict[str, Any]:
        back = [None if math.isinf(ms) else round(ms) for ms in self.back]
        return {
            "path": self.path,
            "free": self.free.as_json(),
            "held": self.held.as_json(),
            "ratio": round(self.ratio, 2),
            "back": back,
            "player": self.player,
        }


async def measure(
    url: str,
    creators: Browser,
    viewers: Browser,
    *,
    paths: Sequence[str],
    holds: int,
    every: float,
    hold: float,
    progress: Progress,
) -> list[Run]:
    """Measures each path with `holds` network interruptions of `hold` seconds each, one every
    `every` seconds. Raises TooLate, and Playwright's errors.
    """
    runs = []
    for path in paths:
        studio, watch = await go_live(creators, url, "camera")
        async with PausableProxy(url) as proxy:
            proxied = f"{proxy.url}/r/{watch.rpartition('/')[2]}"
            free, held = [
                await _viewer(viewers, f"{address}?player={path}", path)
                for address in (watch, proxied)
            ]
            await asyncio.sleep(SETTLE + 2)
            for page in (free, held):
                await page.evaluate("void sampler.take()")
            ends: list[tuple[int, int]] = []
            for number in range(holds):
                progress(f"{path}: hold {number + 1} of {holds}")
                await asyncio.sleep(every / 2)
                begins = await held.evaluate("Date.now()")
                await proxy.hold(hold)
                ends.append((begins, await held.evaluate("Date.now()")))
                await asyncio.sleep(every / 2)
            ages = await _ages(held)
            player = await held.evaluate("microlive.stats()")
            runs.append(
                Run(
                    path,
                    Figures.of(age for _, age in await _ages(free)),
                    Figures.of(age for _, age in ages),
                    recoveries(ages, ends),
                    player,
                )
            )
            for page in (free, held):
                await page.context.close()
        await end_live(studio)
    return runs


async def _viewer(browser: Browser, url: str, path: str) -> Page:
    page = await (await context_of(browser, "timecode", "connections")).new_page()
    await page.goto(url)
    await page.evaluate(WATCH)
    await page.click("#unmute")
    await until(page, f"(async () => sampler.started && await {PATHS[path].heard} > 0)()", WITHIN)
    return page


async def _ages(page: Page) -> list[Age]:
    samples = [(now, word) for now, word in await page.evaluate("sampler.take()")]
    return [(now, age) for now, word in samples if (age := timecode.age(word, now)) is not None]


def recoveries(ages: Sequence[Age], holds: Sequence[tuple[int, int]]) -> list[float]:
    """Returns the recovery time for each hold, ms. This is the time from the end of the hold until
    the delay was as low as before and stayed low for SPELL seconds. `holds`: begin and end of each
    hold in local ms.
    """
    found = []
    for index, (begin, end) in enumerate(holds):
        until_ = holds[index + 1][0] if index + 1 < len(holds) else math.inf
        before = Figures.of(age for now, age in ages if begin - 3_000 <= now < begin).p50
        limit = max(before * NEAR[0], before + NEAR[1])
        after = [(now, age) for now, age in ages if end <= now < until_]
        found.append(_first_spell(after, limit) - end)
    return found


def _first_spell(ages: Sequence[Age], limit: float) -> float:
    """Returns the start of the first period of SPELL seconds in which the median delay and the
    first delay are at most `limit`. Returns inf if there is no such period.
    """
    for index, (start, age) in enumerate(ages):
        if age > limit:
            continue
        spell = [later for now, later in ages[index:] if now <= start + SPELL * 1_000]
        if Figures.of(spell).p50 <= limit:
            return start
    return math.inf
