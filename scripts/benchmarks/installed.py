"""Measures how much later the first picture of a room appears if the service worker is installed.

Two returning visitors join a room in turn, one with the service worker and one whose browser
refuses service workers. Both have visited the start page of the app, so both have a warm cache. The
benchmark stops the worker before each join, because a browser stops an idle worker after some
seconds.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from playwright.async_api import Browser, BrowserContext

from scripts.benchmarks.chromium import until
from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.latency import looping_creator, visit
from scripts.benchmarks.paired import interval
from scripts.benchmarks.paths import SETTLE
from scripts.benchmarks.studio import WITHIN, context_of
from server.site.manifest import START

Progress = Callable[[str], None]

DIFFERENCE_BAR = 5.0
"""Largest allowed median difference between the two joins of a pair, ms: the time to the first
picture with the service worker, minus the time without the service worker.
"""
WARM_UP = 2
"""Number of pairs at the beginning that are not counted, because they fill the browser's caches."""
ACTIVE = "navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')"
CONTROLLED = "navigator.serviceWorker.controller !== null"
REGISTERED = "navigator.serviceWorker.getRegistrations().then((all) => all.length > 0)"


class NotInstalled(Exception):
    """Raised if a page lacks its service worker, or if a page that must not have a service worker
    has one.
    """


@dataclass(frozen=True, slots=True)
class Report:
    """Times from navigation until the first picture is on the screen, ms, one for each pair."""

    without: Sequence[float]
    installed: Sequence[float]

    @property
    def differences(self) -> list[float]:
        pairs = zip(self.without, self.installed, strict=True)
        return [installed - without for without, installed in pairs]

    @property
    def bars(self) -> list[Bar]:
        name = "first picture with the service worker, beyond without, p50 of the pairs"
        return [Bar(name, median(self.differences), DIFFERENCE_BAR, "ms")]

    def as_json(self) -> dict[str, Any]:
        low, high = interval(self.differences)
        return {
            "unit": "ms",
            "without": Figures.of(self.without).as_json(),
            "installed": Figures.of(self.installed).as_json(),
            "difference": {
                "median": round(median(self.differences), 2),
                "interval": [round(low, 2), round(high, 2)],
            },
            "differences": [round(difference, 2) for difference in self.differences],
            "bars": [bar.as_json() for bar in self.bars],
        }


async def measure(url: str, viewers: Browser, pairs: int, progress: Progress) -> Report:
    """Measures `pairs` pairs of joins, in alternating order. Raises NotInstalled, BrokenPath, and
    Playwright's errors.
    """
    times: dict[bool, list[float]] = {False: [], True: []}
    contexts = {installed: await _visitor(viewers, url, installed) for installed in times}
    async with looping_creator(url, SETTLE + 10 + (pairs + WARM_UP) * 8) as watch:
        await asyncio.sleep(SETTLE)
        for number in range(-WARM_UP, pairs):
            progress(f"pair {number + 1} of {pairs}" if number >= 0 else "warm-up")
            for installed in (False, True) if number % 2 else (True, False):
                # Vary the interval, so that joins do not coincide with the keyframe timer.
                await asyncio.sleep(0.3 + 0.137 * (number % 7))
                time = await _join(contexts[installed], watch, installed)
                if number >= 0:
                    times[installed].append(time)
    for context in contexts.values():
        await context.close()
    return Report(times[False], times[True])


async def _visitor(viewers: Browser, url: str, installed: bool) -> BrowserContext:
    """Returns the context of a visitor who has visited the start page of the app twice."""
    context = await context_of(viewers, "first_picture", service_worker=installed)
    page = await context.new_page()
    await page.goto(url + START)
    if installed:
        await until(page, ACTIVE, WITHIN)
    await page.reload()
    if await page.evaluate(CONTROLLED) != installed:
        raise NotInstalled(f"the app has {'no' if installed else 'a'} service worker")
    await page.close()
    return context


async def _join(context: BrowserContext, watch: str, installed: bool) -> float:
    page = await context.new_page()
    try:
        cdp = await context.new_cdp_session(page)
        await cdp.send("ServiceWorker.enable")
        await cdp.send("ServiceWorker.stopAllWorkers")
        await cdp.detach()
        time = await visit(page, watch, "firstPicture")
        if await page.evaluate(REGISTERED) != installed:
            raise NotInstalled(f"the browser has {'no' if installed else 'a'} service worker")
        return time
    finally:
        await page.close()
