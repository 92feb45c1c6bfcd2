"""Measures many rooms with and without slow and rude viewers. A rude viewer vanishes or never
reads. Shows the effect of slow and rude viewers on the other viewers, and which resources the
server still holds after all viewers have left.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import LocalServer, ServerFailed

RATIO, MORE_MS, GROWTH = 1.2, 5.0, 1.05
GRACE = 20
"""Seconds until a room ends after its creator has left. The default value would add a minute to the
run.
"""
FORGOTTEN_WITHIN = 90.0
"""Maximum time from the departure of the last viewer until the server has released all tasks and
sockets, seconds. The time includes the grace period of rooms, and the timeout of sessions that sent
no DELETE.
"""
POLL = 1.0
LEFT = ("microlive_tasks", "process_open_fds")


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one run. Each run has its own server."""

    rude: bool
    """Whether the run has slow and rude viewers."""
    p50: float
    p99: float
    """99th percentile of the delay from publishing to the arrival at a healthy viewer, ms."""
    gaps: int
    disconnects: int
    cpu: float
    """CPU of the server, % of one core."""
    memory_early: float
    memory_late: float
    """Median memory of the server, MB: in the second fifth of the run (`memory_early`), and in the
    last fifth (`memory_late`).
    """
    tasks: int
    descriptors: int
    """Increase of the server's tasks (`tasks`) and open descriptors (`descriptors`), from before
    the first viewer arrived until after the last viewer left.
    """
    outcome: str

    @property
    def growth(self) -> float:
        return self.memory_late / self.memory_early


@dataclass(frozen=True, slots=True)
class Report:
    runs: list[Run]
    """All runs. Two successive runs form a pair: a run with healthy viewers only, and a run that
    also has slow and rude viewers. The order within the pairs alternates.
    """

    @property
    def pairs(self) -> list[tuple[Run, Run]]:
        """Pairs of runs: first the run without slow and rude viewers, then the run with these
        viewers.
        """
        return [
            (min(two, key=_is_rude), max(two, key=_is_rude))
            for two in zip(self.runs[::2], self.runs[1::2], strict=True)
        ]

    @property
    def bars(self) -> list[Bar]:
        shares = [
            rude.p99 / max(RATIO * healthy.p99, healthy.p99 + MORE_MS)
            for healthy, rude in self.pairs
        ]
        return [
            Bar(
                (
                    f"p99 of healthy viewers beside slow and rude ones, median share of the limit "
                    f"({RATIO} × or {MORE_MS:.0f} ms more)"
                ),
                median(shares),
                1.0,
                "×",
            ),
            Bar(
                "memory growth from the second to the last fifth, largest",
                max(run.growth for run in self.runs),
                GROWTH,
                "×",
            ),
            Bar("tasks left behind", max(run.tasks for run in self.runs), 0, ""),
            Bar("descriptors left behind", max(run.descriptors for run in self.runs), 0, ""),
        ]

    def as_json(self) -> dict[str, Any]:
        bars = [bar.as_json() for bar in self.bars]
        return {"runs": [asdict(run) for run in self.runs], "bars": bars}


def _is_rude(run: Run) -> bool:
    return run.rude


Progress = Callable[[str], None]


async def measure(
    folder: Path,
    pairs: int,
    rooms: int,
    viewers: int,
    seconds: float,
    cores: tuple[int, int],
    *,
    progress: Progress,
) -> Report:
    """Measures pairs of runs, one without and one with slow and rude viewers. The order within the
    pairs alternates.
    """
    runs = []
    for number in range(pairs):
        for rude in (False, True) if number % 2 == 0 else (True, False):
            progress(
                f"pair {number + 1} of {pairs}, {'with' if rude else 'without'} slow and "
                "rude viewers"
            )
            runs.append(
                await _measure(folder / f"{number}{rude}", rude, rooms, viewers, seconds, cores)
            )
            progress(f"  p99 {runs[-1].p99:.1f} ms, {runs[-1].outcome}")
    return Report(runs)


async def _measure(
    folder: Path, rude: bool, rooms: int, viewers: int, seconds: float, cores: tuple[int, int]
) -> Run:
    (folder / "data").mkdir(parents=True)
    limits = (
        f"--max-sockets-per-address={2 * viewers + 100}",
        "--max-rooms-per-address-hour=100000",
        "--max-whip-per-address-minute=100000",
    )
    async with LocalServer(folder / "data", *limits, f"--away-grace={GRACE}") as server:
        os.sched_setaffinity(server.pid, {cores[0]})
        before = await _settled(server.url)
        share = "5" if rude else "0"
        crowd = (
            "--rooms",
            str(rooms),
            "-n",
            str(viewers),
            "--slow",
            share,
            "--rude",
            share,
            "--seconds",
            str(seconds),
            "--ramp",
            "10",
        )
        load = await run_load(
            folder / "load", cores[1], server.url, "mixed", *crowd, within=seconds + 10
        )
        after = await _left_at_last(server.url, before)
    figures = load["figures"]
    early, late = _fifths(folder / "load" / "samples.jsonl")
    return Run(
        rude=rude,
        p50=figures["p50"],
        p99=figures["p99"],
        gaps=int(figures["gaps"]),
        disconnects=int(figures["disconnects"]),
        cpu=figures["server_cpu"],
        memory_early=early,
        memory_late=late,
        tasks=after["microlive_tasks"] - before["microlive_tasks"],
        descriptors=after["process_open_fds"] - before["process_open_fds"],
        outcome=load["outcome"],
    )


async def _settled(url: str) -> dict[str, int]:
    """Waits until the server has finished its first STUN requests. Returns the server's numbers of
    tasks and descriptors before the first viewer arrives.
    """
    found: list[dict[str, int]] = []
    while len(found) < 4 or any(left != found[-1] for left in found[-4:]):
        found.append(await _left(url))
        await asyncio.sleep(POLL)
        if len(found) > FORGOTTEN_WITHIN / POLL:
            raise ServerFailed("the server did not become idle before the first viewer")
    return found[-1]


async def _left_at_last(url: str, before: dict[str, int]) -> dict[str, int]:
    """Waits until the server has at most as many tasks and descriptors as in `before`, or until
    FORGOTTEN_WITHIN seconds have passed. Returns the numbers of tasks and descriptors.
    """
    until = time.monotonic() + FORGOTTEN_WITHIN
    while True:
        left = await _left(url)
        if time.monotonic() > until or all(left[name] <= before[name] for name in LEFT):
            return left
        await asyncio.sleep(POLL)


async def _left(url: str) -> dict[str, int]:
    """Returns the server's numbers of tasks and open descriptors, from its metrics."""
    async with aiohttp.ClientSession() as http, http.get(f"{url}/metrics") as response:
        families = text_string_to_metric_families(await response.text())
        return {
            sample.name: int(sample.value)
            for family in families
            for sample in family.samples
            if sample.name in LEFT
        }


def _fifths(samples: Path) -> tuple[float, float]:
    """Returns the server's median memory in the second fifth and in the last fifth of the run,
    MB.
    """
    memory = [sample["server_memory"] / 1e6 for sample in _read(samples) if sample["server_memory"]]
    fifth = len(memory) // 5
    return median(memory[fifth : 2 * fifth]), median(memory[-fifth:])


def _read(samples: Path) -> Iterable[dict[str, Any]]:
    with samples.open() as lines:
        for line in lines:
            yield json.loads(line)
