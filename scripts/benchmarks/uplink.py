"""Measures the real studio page in Chromium over a bad uplink: a link between namespaces that loses
packets, fails for a second, or is narrow.

The browser's packets are captured before any loss. A gap in the captured packets comes from a slow
encoder, so such a gap does not count as a freeze.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from playwright.async_api import Page

from scripts.benchmarks.continuity import LOOK_BACK, apart, freeze, longest_gap
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.narrow import (
    ASK_EVERY,
    NARROW_FOR,
    RATE,
    SPENT,
    TARGET,
    WIDE_WITHIN,
    Bandwidth,
    narrow_direct,
    narrow_live,
)
from scripts.benchmarks.narrow_network import (
    StockReceiver,
    TestNetwork,
    live,
    shown,
    test_network,
    watching,
)
from scripts.benchmarks.ratio import Ratio

Progress = Callable[[str], None]

FREEZE_BAR, FREEZE_AT = 300.0, 0.05
RECOVERY_BAR = 500.0
SKEW_BAR = 60.0
RATIO_BAR = 1.2
DELAY_BAR, NARROW_DELAY_BAR = 1_000.0, 500.0
REMB_BAR = 2.0
SETTLE = 4.0
"""Seconds before the first packet loss. During this time, congestion control and players settle."""
REMB_ONLY = "microlive, REMB"
"""Name of the variant in which the creator's browser does not support transport-wide congestion
control feedback.
"""
OUTAGES, OUTAGE, BETWEEN = 3, 1.0, 5.0
VIEWER_LOOK_BACK = 1.5
"""Maximum seconds from a gap in the source's frames to the resulting gap in a player's frames. A
player delays the gap by the amount of media in its buffer.
"""


@dataclass(frozen=True, slots=True)
class Loss:
    """The result of a period with packet loss. Freezes are in ms and exclude gaps in the source.
    NaN means that a value was not measured.
    """

    share: float
    seconds: float
    source_gap: float
    relay: float
    """Longest freeze in the relay's output, ms."""
    page: float
    """Longest freeze on a viewer's page, ms."""
    stock: float
    """Longest freeze of aiortc's receiver on the same link, ms."""
    skew: float
    """Largest distance between audio and video, ms."""
    beeps: int
    """Number of beeps used to measure lip sync. A beep is played every second."""
    errors: list[str]
    """Decoding errors of PyAV, and errors of the viewer's browser."""


@dataclass(frozen=True, slots=True)
class Outage:
    """The result of several outages of one second. `relay` and `page` describe the worst outage:
    the time from the end of the outage until frames arrived again, ms.
    """

    relay: float
    page: float
    skew: float
    errors: list[str]


@dataclass(frozen=True, slots=True)
class Report:
    losses: list[Loss]
    outage: Outage | None
    bandwidths: list[Bandwidth]

    @property
    def errors(self) -> list[str]:
        return [error for loss in self.losses for error in loss.errors] + (
            self.outage.errors if self.outage else []
        )

    @property
    def bars(self) -> list[Bar]:
        bars = [
            Bar(f"freeze at {loss.share:.0%} loss", loss.relay, FREEZE_BAR, "ms")
            for loss in self.losses
            if loss.share <= FREEZE_AT
        ]
        skews = [each.skew for each in self.losses] + ([self.outage.skew] if self.outage else [])
        if self.outage:
            bars.append(
                Bar(
                    "playing again after 1 s without a packet", self.outage.page, RECOVERY_BAR, "ms"
                )
            )
        if skews:
            bars.append(Bar("audio and video apart", max(skews), SKEW_BAR, "ms"))
            bars.append(Bar("decode errors", len(self.errors), 0, ""))
        bars += [Bar(name, ratio.median, RATIO_BAR, "×") for name, ratio in self.ratios.items()]
        if ours := self._turns("microlive"):
            bars.append(
                Bar(
                    "share of the target sent before",
                    min(each.spent for each in ours) * 1e6 / TARGET,
                    SPENT,
                    "",
                    least=True,
                )
            )
            bars.append(
                Bar("delivery delay, maximum", max(each.delay for each in ours), DELAY_BAR, "ms")
            )
            bars.append(
                Bar(
                    "delivery delay while narrow, p95",
                    _middle(ours, "narrow_delay"),
                    NARROW_DELAY_BAR,
                    "ms",
                )
            )
        if remb := self._turns(REMB_ONLY):
            bars.append(Bar("down to 1 Mbps by REMB alone", _middle(remb, "down"), REMB_BAR, "s"))
            bars.append(Bar("up again by REMB alone", _middle(remb, "up"), WIDE_WITHIN, "s"))
            bars.append(
                Bar(
                    "delivery delay by REMB alone, maximum",
                    max(each.delay for each in remb),
                    DELAY_BAR,
                    "ms",
                )
            )
        return bars

    @property
    def ratios(self) -> dict[str, Ratio]:
        """The times of microlive divided by the times of direct WebRTC, by the name of the bar."""
        ours, direct = self._turns("microlive"), self._turns("direct")
        if not ours or not direct:
            return {}
        return {
            f"{name}, beside direct WebRTC": Ratio.of(
                [getattr(each, what) for each in ours],
                [getattr(each, what) for each in direct],
                least=ASK_EVERY,
                most=most,
            )
            for what, name, most in (
                ("down", "down to 1 Mbps", NARROW_FOR),
                ("up", "up again", WIDE_WITHIN),
            )
        }

    def _turns(self, variant: str) -> list[Bandwidth]:
        return [each for each in self.bandwidths if each.variant == variant]

    def as_json(self) -> dict[str, Any]:
        return {
            "losses": [_plain(loss) for loss in self.losses],
            "outage": _plain(self.outage) if self.outage else None,
            "bandwidths": [_plain(each) for each in self.bandwidths],
            "ratios": {name: ratio.as_json() for name, ratio in self.ratios.items()},
            "bars": [bar.as_json() for bar in self.bars],
        }


def _middle(turns: Sequence[Bandwidth], what: str) -> float:
    """Returns the median of the attribute named `what` over all repetitions (`turns`). Single
    repetitions vary, because a browser's ramp-up depends on the bandwidth estimate that the browser
    has when the link becomes wide.
    """
    return float(median(getattr(each, what) for each in turns))


def _plain(item: Loss | Outage | Bandwidth) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(item).items()
    }


async def measure(
    *,
    shares: Sequence[float],
    seconds: float,
    outage: bool,
    turns: int,
    stock: bool,
    progress: Progress,
) -> Report:
    async with test_network() as world:
        losses = []
        for share in shares:
            progress(f"{share:.0%} packet loss for {seconds:g} s")
            losses.append(await _lose(world, share, seconds, stock))
        failed = None
        if outage:
            progress(f"nothing gets through for {OUTAGE:g} s, {OUTAGES} times")
            failed = await _fail(world)
        bandwidths = []
        for turn in range(1, turns + 1):
            for variant in order(turn):
                progress(f"{RATE} for {NARROW_FOR:g} s, turn {turn} of {turns}: {variant}")
                bandwidths.append(
                    await (narrow_direct(world) if variant == "direct" else narrow_live(world))
                )
        if turns:
            progress(f"{RATE} for {NARROW_FOR:g} s: microlive, by REMB alone")
            bandwidths.append(await narrow_live(world, REMB_ONLY, "remb"))
    return Report(losses, failed, bandwidths)


def order(turn: int) -> tuple[str, str]:
    """Returns the variants of a turn (from 1) in the order in which they run. The order alternates,
    so that a load on the machine that grows or falls affects both variants.
    """
    return ("direct", "microlive") if turn % 2 else ("microlive", "direct")


# Packet loss


async def _lose(world: TestNetwork, share: float, seconds: float, stock: bool) -> Loss:
    started = time.monotonic()
    other = await StockReceiver.start(world) if stock else None
    async with live(world, "beacon") as (_, watch, spectator), watching(world, watch) as page:
        await asyncio.sleep(SETTLE)
        began = time.monotonic()
        world.link.lose(share)
        await asyncio.sleep(seconds)
        ended = time.monotonic()
        world.link.lose(0)
        await asyncio.sleep(1)
        on_screen, errors = await shown(page), await _errors(page)
        others = await other.stop() if other else []
    unix = time.time() - time.monotonic()
    decoded = await asyncio.to_thread(spectator.decode)
    skews = apart(decoded, began + unix, ended + unix)
    source = world.capture.frames(world.port, started)
    return Loss(
        share=share,
        seconds=seconds,
        source_gap=longest_gap(source, began, ended),
        relay=freeze([at for at, _ in spectator.frames()], source, began, ended, LOOK_BACK),
        page=freeze(on_screen, source, began, ended, VIEWER_LOOK_BACK),
        stock=freeze(others, world.capture.frames(other.port, started), began, ended, LOOK_BACK)
        if other
        else math.nan,
        skew=max((abs(each) for each in skews), default=math.nan),
        beeps=len(skews),
        errors=[*decoded.errors, *errors],
    )


async def _errors(page: Page) -> list[str]:
    error = await page.evaluate("freezes.error()")
    rebuilds = await page.evaluate("microlive.stats().rebuilds")
    return [f"browser: {error}"] * bool(error) + ["browser: the player restarted"] * int(
        rebuilds or 0
    )


async def _fail(world: TestNetwork) -> Outage:
    async with live(world, "beacon") as (_, watch, spectator), watching(world, watch) as page:
        await asyncio.sleep(SETTLE)
        first, ends = time.monotonic(), []
        for _ in range(OUTAGES):
            world.link.lose(1)
            await asyncio.sleep(OUTAGE)
            world.link.lose(0)
            ends.append(time.monotonic())
            await asyncio.sleep(BETWEEN)
        last = time.monotonic()
        on_screen, errors = await shown(page), await _errors(page)
    unix = time.time() - time.monotonic()
    decoded = await asyncio.to_thread(spectator.decode)
    skews = apart(decoded, first + unix, last + unix)
    arrivals = [at for at, _ in spectator.frames()]
    return Outage(
        relay=max(_next(arrivals, end) for end in ends),
        page=max(_next(on_screen, end) for end in ends),
        skew=max((abs(each) for each in skews), default=math.nan),
        errors=[*decoded.errors, *errors],
    )


def _next(moments: Sequence[float], end: float) -> float:
    """Returns the time from `end` until frames arrive again, ms. Buffered frames may still arrive
    shortly after `end`. So the longest gap between two frames near `end` counts as the outage, and
    the frames arrive again at the end of this gap.
    """
    around = [
        (before, after)
        for before, after in pairwise(moments)
        if after > end - OUTAGE and before < end + OUTAGE
    ]
    resumed = max(around, key=lambda pair: pair[1] - pair[0], default=(math.nan, math.nan))[1]
    return (resumed - end) * 1_000
