"""Measures how fast a creator's browser adapts its bitrate when the rate of the browser's link
falls and rises again. Compares a browser that publishes to microlive with a browser that sends
directly to another browser.
"""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playwright.async_api import Page

from relay.message import Flag
from scripts.benchmarks.continuity import LOOK_BACK, freeze, settled
from scripts.benchmarks.figures import percentile
from scripts.benchmarks.narrow_network import TestNetwork, direct_page, live

RATE, NARROW = "1mbit", 1_000_000
NARROW_FOR, FREE_WITHIN, WIDE_WITHIN = 15.0, 15.0, 40.0
ASK_EVERY = 0.05
TARGET, SPENT = 2_500_000, 0.9
"""`TARGET`: maximum bitrate of the encoder in the studio page and in the direct page, bit/s.
`SPENT`: share of TARGET that the creator's bitrate must reach before the link becomes narrow. When
the link is wide again, the encoder's target bitrate must reach the same share of TARGET.
"""


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """The measured values of one variant, such as `microlive` or `direct`."""

    variant: str
    spent: float
    """Bitrate that the creator sent before the link became narrow, Mbps."""
    down: float
    """Seconds from the narrowing of the link until the encoder's target bitrate is at most the
    link's rate.
    """
    narrow: float
    """Bitrate that the creator sent in the second half of the narrow period, Mbps."""
    up: float
    """Seconds from the widening of the link until the encoder's target bitrate is at 90 % of its
    maximum.
    """
    delay: float
    """Largest delay from capture to the relay after the link became narrow, ms. NaN if the variant
    has no relay.
    """
    freeze: float
    """Longest freeze after the link became narrow, ms. NaN if the variant has no relay."""
    narrow_delay: float
    """95th percentile of the delay while the link was narrow, ms. NaN if the variant has no
    relay.
    """


async def narrow_live(world: TestNetwork, variant: str = "microlive", *more: str) -> Bandwidth:
    """Measures how a studio that publishes to microlive adapts its bitrate. `more`: names of
    further scripts that the studio page runs.
    """
    started = time.monotonic()
    async with live(world, "noise", *more) as (studio, _, spectator):
        targets, narrow, wide = await _squeeze(world, studio, world.port)
    after = [(at, record) for at, record in spectator.frames() if at >= narrow]
    arrivals = [at for at, _ in after]
    delays = [
        (at, (record.publish - record.capture) / 1_000)
        for at, record in after
        if not record.flags & Flag.CAPTURE_ESTIMATED
    ]
    source = world.capture.frames(world.port, started)
    stood = freeze(arrivals, source, narrow, arrivals[-1], LOOK_BACK) if arrivals else math.nan
    return _bandwidth(
        world,
        variant,
        world.port,
        targets,
        narrow,
        wide,
        delay=max((delay for _, delay in delays), default=math.nan),
        stood=stood,
        narrow_delay=percentile(sorted(delay for at, delay in delays if at < wide), 0.95),
    )


async def narrow_direct(world: TestNetwork) -> Bandwidth:
    creator, viewer = (
        await direct_page(world.creators, world.url, "noise"),
        await direct_page(world.viewers, world.url, "noise"),
    )
    answer = await viewer.evaluate(
        "sdp => direct.answer(sdp)", await creator.evaluate("direct.offer()")
    )
    await creator.evaluate("sdp => direct.accept(sdp)", answer)
    port = next(
        int(line.split()[5])
        for line in answer.splitlines()
        if line.startswith("a=candidate:") and " udp " in line and " 10." in line
    )
    targets, narrow, wide = await _squeeze(world, creator, port)
    await creator.context.close()
    await viewer.context.close()
    return _bandwidth(world, "direct", port, targets, narrow, wide)


async def _squeeze(
    world: TestNetwork, creator: Page, port: int
) -> tuple[list[tuple[float, float]], float, float]:
    """Makes the link narrow, then wide again. Returns the encoder's target bitrates as pairs
    (moment, bit/s). Also returns the moments at which the link became narrow and wide.
    """
    targets: list[tuple[float, float]] = []

    async def look(seconds: float, enough: Callable[[], bool] = lambda: False) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not enough():
            targets.append(
                (
                    time.monotonic(),
                    float((await creator.evaluate("connections.sent()"))["targetBitrate"]),
                )
            )
            await asyncio.sleep(ASK_EVERY)

    await look(
        FREE_WITHIN,
        lambda: _mbps(world, port, time.monotonic() - 2, time.monotonic()) * 1e6 >= SPENT * TARGET,
    )
    narrow = time.monotonic()
    world.link.limit(RATE)
    await look(NARROW_FOR)
    wide = time.monotonic()
    world.link.limit(None)
    await look(WIDE_WITHIN, lambda: targets[-1][0] > wide and targets[-1][1] >= SPENT * TARGET)
    await look(2)
    return targets, narrow, wide


def _mbps(world: TestNetwork, port: int, began: float, ended: float) -> float:
    return (
        sum(packet.size for packet in world.capture.packets(port) if began <= packet.at < ended)
        * 8
        / (ended - began)
        / 1e6
    )


def _bandwidth(
    world: TestNetwork,
    variant: str,
    port: int,
    targets: Sequence[tuple[float, float]],
    narrow: float,
    wide: float,
    *,
    delay: float = math.nan,
    stood: float = math.nan,
    narrow_delay: float = math.nan,
) -> Bandwidth:
    return Bandwidth(
        variant=variant,
        spent=_mbps(world, port, narrow - 2, narrow),
        down=settled(targets, narrow, NARROW, least=False),
        narrow=_mbps(world, port, (narrow + wide) / 2, wide),
        up=settled(targets, wide, SPENT * TARGET, least=True),
        delay=delay,
        freeze=stood,
        narrow_delay=narrow_delay,
    )
