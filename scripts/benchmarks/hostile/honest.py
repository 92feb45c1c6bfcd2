"""Measures honest crowds, which a server must never slow: a large room, many viewers behind one
address, and a creator on a bad network.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.hostile.crowd_report import CrowdReport
from scripts.benchmarks.hostile.crowds import counters_moved, create_rooms, load
from scripts.benchmarks.hostile.figures import DEFENCE, Side
from scripts.benchmarks.hostile.plans import creators_plan, viewers_plan
from scripts.benchmarks.hostile.yardstick import CONTROLS, VIEWERS, Yardstick, yardstick
from scripts.loadgen import clip

LARGE, ONE_ADDRESS = 3_000, 1_000
HEAVY_KBPS, LOSS = 4_000, 0.05
ARRIVE_PER_SECOND, SETTLE = 500.0, 2.0


@dataclass(frozen=True, slots=True)
class Honest:
    """The result of one crowd."""

    name: str
    side: Side
    moved: dict[str, float]
    """Growth of each counter of the server's defence."""
    lost: int
    """Number of viewers or creators that were refused or disconnected."""

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar(f"counters of the defence that moved, {self.name}", len(self.moved), 0, ""),
            Bar(f"refused or disconnected, {self.name}", self.lost, 0, ""),
        ]


async def measure(
    folder: Path,
    media: clip.Clip,
    seconds: float,
    cores: tuple[int, int],
    *,
    progress: Callable[[str], None],
) -> CrowdReport[Honest]:
    """Measures each crowd on a separate server."""
    os.sched_setaffinity(0, {cores[1]})
    bench = _Bench(folder, media, seconds, cores)
    progress(f"a room of {LARGE} viewers")
    crowds = [await bench.viewers(LARGE, "--max-sockets-per-address=20000")]
    progress(f"{ONE_ADDRESS} viewers behind one address")
    crowds.append(await bench.viewers(ONE_ADDRESS))
    progress(f"a creator at {HEAVY_KBPS} kbps who loses {LOSS:.0%}")
    crowds.append(await bench.heavy_creator())
    return CrowdReport(tuple(crowds))


@dataclass(frozen=True, slots=True)
class _Bench:
    folder: Path
    media: clip.Clip
    seconds: float
    cores: tuple[int, int]

    async def viewers(self, count: int, *options: str) -> Honest:
        """Measures `count` viewers at one address. This number includes the viewers that
        `yardstick` starts.
        """
        more = count - VIEWERS
        async with self._yard(f"viewers{count}", *options, viewers=VIEWERS) as yard:
            before = await yard.counters()
            ramp = more / ARRIVE_PER_SECOND
            plan = viewers_plan(yard.url, [yard.room], more, ramp)
            async with load("crowd", plan, self.cores[1]) as crowd:
                await asyncio.sleep(ramp + SETTLE)
                began = await yard.begin()
                await asyncio.sleep(self.seconds)
                side = await yard.end(began)
                moved = await counters_moved(yard, before)
                figures = crowd.take()
        lost = figures.total("failed") + figures.total("closed")
        return _honest(f"{count} viewers", side, moved, lost)

    async def heavy_creator(self) -> Honest:
        async with self._yard("heavy", viewers=CONTROLS + 1) as yard:
            before = await yard.counters()
            room = await create_rooms(yard.url, 1)
            heavy = await asyncio.to_thread(clip.encode, 640, 360, 30, HEAVY_KBPS)
            async with load(
                "publishers", creators_plan(room, heavy, 0.0, LOSS), self.cores[1]
            ) as creator:
                await asyncio.sleep(SETTLE)
                began = await yard.begin()
                await asyncio.sleep(self.seconds)
                side = await yard.end(began)
                moved = await counters_moved(yard, before)
                figures = creator.take()
        lost = figures.total("creator_failed") + figures.total("creator_closed")
        return _honest(f"a creator at {HEAVY_KBPS} kbps, {LOSS:.0%} loss", side, moved, lost)

    def _yard(
        self, name: str, *options: str, viewers: int
    ) -> AbstractAsyncContextManager[Yardstick]:
        return yardstick(self.folder / name, self.cores, self.media, *options, viewers=viewers)


def _honest(name: str, side: Side, moved: dict[str, float], lost: int) -> Honest:
    defence = {counter: grown for counter, grown in moved.items() if DEFENCE.search(counter)}
    return Honest(name, side, defence, lost + side.felt.lost)
