"""Measures what the viewers at other edges notice of an edge that is stopped with SIGSTOP."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from scripts.benchmarks.cluster import Cluster, cluster, on_core
from scripts.benchmarks.fanout import load_words, server_options
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.growth import LIVE_WITHIN, RATE, figure, probes
from scripts.benchmarks.load_run import load_beside
from scripts.benchmarks.own_room import own_room

EDGES = 3
P99 = 20.0
BEFORE = 2.0
"""Seconds from the arrival of the last viewer until an edge is stopped."""


@dataclass(frozen=True, slots=True)
class Round:
    """The viewers at the edges that went on."""

    viewers: int
    p50: float
    p99: float
    """Delay from publishing to the viewer at the slower of these edges, ms."""
    lost: float
    """Number of frames and connections lost."""
    outcome: str


@dataclass(frozen=True, slots=True)
class Report:
    rounds: list[Round]

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar("p99 at the other edges", median(each.p99 for each in self.rounds), P99, "ms"),
            Bar("lost at the other edges", sum(each.lost for each in self.rounds), 0, ""),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "stuck": [asdict(each) for each in self.rounds],
            "bars": [bar.as_json() for bar in self.bars],
        }


async def measure(
    folder: Path,
    viewers: int,
    seconds: float,
    rounds: int,
    cores: tuple[int, int],
    *,
    progress: Callable[[str], None],
) -> Report:
    """Stops the last edge in each round, until the viewers have left. All servers use the first
    core, the load generator uses the second.
    """
    progress("starting PostgreSQL, nats-server and four servers")
    options = server_options(viewers)
    async with cluster(folder, EDGES, cores[0], *options) as nodes:
        with on_core(cores[1]):
            done = []
            for number in range(rounds):
                progress(f"round {number + 1}: {viewers} viewers, one of {EDGES} edges stopped")
                own = folder / f"round{number}"
                done.append(await _round(own, nodes, viewers, seconds, cores[1]))
            return Report(done)


async def _round(folder: Path, nodes: Cluster, viewers: int, seconds: float, core: int) -> Round:
    words, within = load_words(viewers, seconds, RATE)
    origin, victim = nodes.origin, nodes.edges[-1]
    urls = [each.url for each in nodes.edges]
    words = (*words, "--probes", probes(viewers), "--nodes", ",".join(urls))
    async with own_room(origin.url, "growth") as (api, room):
        words = (*words, "--room", room.room, "--key", room.key)
        async with load_beside(folder, core, origin.url, *words, within=within) as load:
            await api.wait_live(room.room, LIVE_WITHIN)
            await asyncio.wait([load], timeout=viewers / RATE + BEFORE)
            os.kill(victim.pid, signal.SIGSTOP)
            try:
                summary = await load
            finally:
                os.kill(victim.pid, signal.SIGCONT)
    others = [each for each in summary["nodes"] if each["url"] in urls[:-1]]
    return Round(
        viewers=sum(each["watching"] for each in others),
        p50=max(figure(each["p50"]) for each in others),
        p99=max(figure(each["p99"]) for each in others),
        lost=sum(each["gaps"] + each["disconnects"] for each in others),
        outcome=summary["outcome"],
    )
