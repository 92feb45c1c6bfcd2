"""Measures the feed as a thumb uses it: how soon the next live moves, whether a frame is black, and
what a prefetch costs.

One Chromium with a phone's screen swipes by touch events. The lives are real ones.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from playwright.async_api import Browser, BrowserContext, CDPSession, Page

from scripts.benchmarks.chromium import script, until
from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.memory import own
from scripts.benchmarks.swipe_gesture import Swipe, dark_samples
from scripts.loadgen.clip import encode
from scripts.loadgen.plans import PublishersPlan
from scripts.loadgen.target import PublishEndpoint, Server, parse_target
from scripts.loadgen.workers import Worker

SCREEN = {"width": 390, "height": 844}
LIVES = 10
WITHIN = 20.0
STEPS, STEP = 9, 0.016
"""Touch events of a gesture, and the seconds between them."""
TRAVEL = 380
"""Pixels that the thumb moves."""
WAIT = 1.2
"""Maximum seconds for which a swipe is observed after the gesture."""
MOVING = 100.0, 200.0
WASTE_BAR = 0.15
CPU_BAR = 0.05
CPU_PAIRS = 3
"""Measurements of the CPU with standbys, and as many without."""
MEMORY_BAR = 15.0
"""MB by which the memory of the page may differ between the first and the last third."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Report:
    swipes: list[Swipe]
    burst: list[Swipe]
    wasted: float
    """Share of the media bytes that were never seen; NaN if not measured."""
    standby_cpu: float
    """CPU that two standbys add, as a share of the CPU of the page with one live that plays."""
    memory: list[float]
    """Memory of the page in MB, after every ten swipes."""
    most: dict[str, int]
    """Most connected rooms at once, and most workers, of which one may be about to end."""

    @property
    def moving(self) -> Figures:
        return Figures.of(swipe.moving_after for swipe in self.swipes)

    @property
    def growth(self) -> float:
        third = max(1, len(self.memory) // 3)
        first, last = self.memory[:third], self.memory[-third:]
        return sum(last) / len(last) - sum(first) / len(first) if first else 0.0

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar("gesture to a moving picture, p50", self.moving.p50, MOVING[0], "ms"),
            Bar("gesture to a moving picture, p95", self.moving.p95, MOVING[1], "ms"),
            Bar("black frames", dark_samples([*self.swipes, *self.burst]), 0, ""),
            Bar("burst: rooms that do not move", _still(self.burst[-1:]), 0, ""),
            Bar("bytes that were never seen", self.wasted, WASTE_BAR, ""),
            Bar("CPU of two standbys", self.standby_cpu, CPU_BAR, ""),
            Bar("memory, last third - first", self.growth, MEMORY_BAR, "MB"),
            Bar("rooms at once", self.most["rooms"], 3, ""),
            Bar("workers at once", self.most["workers"], 4, ""),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "moving": self.moving.as_json(),
            "burst": Figures.of(swipe.moving_after for swipe in self.burst).as_json(),
            "wasted": self.wasted,
            "standby_cpu": self.standby_cpu,
            "memory": [round(value, 1) for value in self.memory],
            "most": self.most,
            "bars": [bar.as_json() for bar in self.bars],
        }


def _still(swipes: Sequence[Swipe]) -> int:
    return sum(swipe.moving_after > WAIT * 1_000 for swipe in swipes)


async def measure(
    url: str, browser: Browser, *, swipes: int, pause: float, seconds: float, progress: Progress
) -> Report:
    """Measures `swipes` swipes with `pause` seconds at each live. `seconds`: length of each
    measurement of CPU. Raises BadInput, TooLate, and Playwright's errors.
    """
    async with _lives(url):
        progress("CPU with and without standbys")
        standby_cpu = await _standby_cpu(url, browser, seconds)
        async with _feed(url, browser) as thumb:
            done = []
            memory: list[float] = []
            for number, direction in enumerate(_directions(swipes)):
                done.append(await thumb.swipe(direction))
                await asyncio.sleep(pause)
                if number % 10 == 9:
                    progress(f"{number + 1} of {swipes} swipes")
                    memory.append(await thumb.memory())
            most = await thumb.page.evaluate("swipes.most()")
            progress("a burst of ten swipes")
            burst = await thumb.burst(10)
        progress("bytes that are never seen")
        wasted = await _waste(url, browser, max(10, swipes // 5), pause)
    return Report(done, burst, wasted, standby_cpu, memory, most)


def _directions(count: int) -> list[int]:
    """Returns up (1) or down (-1) for each swipe; the place stays between the first and the last
    live. Always the same.
    """
    chance, at, found = random.Random(21), 0, []
    for _ in range(count):
        up = at == 0 or (at < LIVES - 1 and chance.random() < 0.65)
        found.append(1 if up else -1)
        at += found[-1]
    return found


class _Thumb:
    """A page with the feed, and the thumb on its screen."""

    def __init__(self, page: Page, touch: CDPSession, browser: CDPSession) -> None:
        self.page = page
        self._touch = touch
        self._browser = browser

    async def swipe(self, direction: int) -> Swipe:
        """Swipes to the next live (1) or the previous one (-1), and observes it until it moves."""
        before = await self.page.evaluate("microlive.at()")
        await self.page.evaluate("swipes.begin()")
        await self._drag(direction)
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            await asyncio.sleep(0.1)
            at = await self.page.evaluate("microlive.resting() ? microlive.at() : null")
            if at not in (None, before):
                await asyncio.sleep(0.3)
                break
        return Swipe.of(await self.page.evaluate("swipes.take()"))

    async def burst(self, count: int) -> list[Swipe]:
        """Swipes without a pause, first up and then down. Observes the way and the last live."""
        found = []
        for direction in [*[-1] * count, *[1] * (count - 1)]:
            await self.page.evaluate("swipes.begin()")
            await self._drag(direction, steps=4)
            await asyncio.sleep(0.06)
            found.append(Swipe.of(await self.page.evaluate("swipes.take()")))
        found.append(await self.swipe(-1))
        return found

    async def cpu(self) -> float:
        """Returns the CPU time of all processes of the browser so far, seconds."""
        processes = (await self._browser.send("SystemInfo.getProcessInfo"))["processInfo"]
        return float(sum(process["cpuTime"] for process in processes))

    async def memory(self) -> float:
        """Returns the memory of the page without garbage, MB."""
        await self._touch.send("HeapProfiler.collectGarbage")
        processes = (await self._browser.send("SystemInfo.getProcessInfo"))["processInfo"]
        return max(own(each["id"]) for each in processes if each["type"] == "renderer")

    async def _drag(self, direction: int, steps: int = STEPS) -> None:
        x, middle = SCREEN["width"] * 0.45, SCREEN["height"] * 0.52
        start = middle + direction * TRAVEL / 2
        await self._send("touchStart", [(x, start)])
        for step in range(1, steps + 1):
            share = step / steps
            await asyncio.sleep(STEP)
            await self._send("touchMove", [(x, start - direction * TRAVEL * share)])
        await self._send("touchEnd", [])

    async def _send(self, kind: str, points: list[tuple[float, float]]) -> None:
        await self._touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]},
        )


@asynccontextmanager
async def _feed(
    url: str, browser: Browser, query: str = "", one: bool = False
) -> AsyncIterator[_Thumb]:
    """Opens the feed and waits until the first live moves. `one`: the feed has one item."""
    context = await browser.new_context(
        viewport={"width": SCREEN["width"], "height": SCREEN["height"]},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=1,
        service_workers="block",
    )
    try:
        context.set_default_timeout(WITHIN * 1_000)
        await context.add_init_script(script("swipes"))
        page = await context.new_page()
        if one:
            await _only_one(context)
        await page.goto(f"{url}/{query}")
        await until(page, "document.body.dataset.feed === 'full'", WITHIN)
        await until(page, "microlive.stats()?.frames > 30", WITHIN)
        if not one:
            await until(page, "microlive.roles().filter((role) => role === 'standby').length > 0")
        touch = await context.new_cdp_session(page)
        yield _Thumb(page, touch, await browser.new_browser_cdp_session())
    finally:
        await context.close()


async def _only_one(context: BrowserContext) -> None:
    """Cuts the answers of the feed to one item."""

    async def cut(route: Any) -> None:
        answer = await route.fetch()
        value = await answer.json()
        value["items"] = value["items"][:1]
        value["cursor"] = None
        await route.fulfill(response=answer, json=value)

    await context.route("**/api/feed?*", cut)


async def _standby_cpu(url: str, browser: Browser, seconds: float) -> float:
    """Returns the CPU that two standbys add, as a share of the CPU of one live that plays."""
    pairs = []
    for _ in range(CPU_PAIRS):
        alone = await _cpu(url, browser, seconds, one=True)
        pairs.append((alone, await _cpu(url, browser, seconds, one=False)))
    return added_share(pairs)


def added_share(pairs: Sequence[tuple[float, float]]) -> float:
    """Returns the median of what the second figure of each pair adds, as a share of the first:
    the load of the machine may change between two pairs.
    """
    return max(0.0, median((beside - alone) / alone for alone, beside in pairs))


async def _cpu(url: str, browser: Browser, seconds: float, *, one: bool) -> float:
    """Returns the CPU time of the browser in `seconds`, with one live that plays, and with a
    standby each way if `one` is false.
    """
    async with _feed(url, browser, one=one) as thumb:
        if not one:
            await thumb.swipe(1)  # then there is a neighbour each way
        await asyncio.sleep(6)
        before = await thumb.cpu()
        await asyncio.sleep(seconds)
        return await thumb.cpu() - before


async def _waste(url: str, browser: Browser, swipes: int, pause: float) -> float:
    """Returns the share of the bytes of all sockets that were never shown. Uses the player whose
    sockets are in the page.
    """
    async with _feed(url, browser, "?player=mse") as thumb:
        for direction in _directions(swipes):
            await thumb.swipe(direction)
            await asyncio.sleep(pause)
        counted = await thumb.page.evaluate("swipes.bytes()")
    return float(counted["wasted"] / max(1, counted["wasted"] + counted["seen"]))


@asynccontextmanager
async def _lives(url: str) -> AsyncIterator[None]:
    """Publishes LIVES lives from a process of their own. Raises BadInput."""
    api = Server(parse_target(url, owned=False), None, False)
    endpoints: list[PublishEndpoint] = []
    source: Worker | None = None
    try:
        for number in range(LIVES):
            endpoints.append(await api.create_room(f"Live {number + 1} #swipe"))
        clip = await asyncio.to_thread(encode, 360, 640, 30, 800)
        rooms = [(made.room, made.key, made.whip) for made in endpoints]
        plan = PublishersPlan(
            insecure=False, rooms=rooms, clip=clip.to_json(), stay=0, ramp=1.0, steady=True
        )
        source = Worker("the creators", "test_network", asdict(plan))
        await source.start()
        await source.ready()
        source.begin(time.time())
        for made in endpoints:
            await api.wait_live(made.room, WITHIN)
        yield
    finally:
        if source is not None:
            await source.stop()
        for made in endpoints:
            with suppress(Exception):
                await api.end_room(made)
        await api.close()
