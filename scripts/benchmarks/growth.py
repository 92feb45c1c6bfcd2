"""Measures what it costs that viewers watch at other nodes than the one of the creator: one
process beside an origin with 1, 2 and 4 edges, with the same number of viewers.
"""

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from scripts.benchmarks.cluster import Cluster, cluster, on_core
from scripts.benchmarks.fanout import FPS, KBPS, load_words, server_options
from scripts.benchmarks.figures import Bar, percentile
from scripts.benchmarks.growth_feeds import Feeds, measure_feeds
from scripts.benchmarks.late_viewer import first_picture
from scripts.benchmarks.load_run import load_beside
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.own_room import own_room
from scripts.loadgen.machine import running_seconds

EDGES = (1, 2, 4)
RATE = 100.0
"""Number of viewers that arrive per second. Several servers share the core: with the rate of
`bench fanout`, the delays of the first second would be those of the arrivals.
"""
MANY = 8
"""Viewers at the edge for each viewer at the origin, when the cost of the origin is compared."""
PROBES = 20
"""Least number of viewers that time each message."""
HOP_P50, HOP_P99, CPU, FLAT, LATE = 2.0, 8.0, 1.1, 1.1, 20.0
LIVE_WITHIN = 60.0
LATE_EVERY = 0.5
"""Seconds between two late viewers."""
LATE_BEGINS, LATE_ENDS = 2.0, 3.5
"""Seconds from the arrival of the last other viewer until the first late one, and seconds that the
measurement of late viewers is shorter than that of the others.
"""
OPTIONS = ("--max-rooms-per-address-hour=10000", "--max-whip-per-address-minute=10000")
"""Server options that allow all rooms and creators to come from one address."""


@dataclass(frozen=True, slots=True)
class Place:
    """One node, or the single process, in one run."""

    viewers: int
    cpu: float
    """% of a core."""
    p50: float
    """Delay from publishing to the viewers here, ms."""
    p99: float


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `edges` is empty if a single process served all viewers."""

    viewers: int
    origin: Place
    """The origin, or the single process."""
    edges: tuple[Place, ...]
    nats: float
    """CPU of nats-server, % of a core."""
    lost: float
    """Number of frames, connections and joins lost."""
    late: tuple[float, ...]
    """Milliseconds until late viewers had their first picture."""
    outcome: str

    @property
    def hop_p50(self) -> float:
        """What the hop adds at the edge at which it adds most, ms. As `hop_p99`, the difference of
        two percentiles.
        """
        return max((each.p50 for each in self.edges), default=math.nan) - self.origin.p50

    @property
    def hop_p99(self) -> float:
        return max((each.p99 for each in self.edges), default=math.nan) - self.origin.p99

    @property
    def cpu_of_viewer(self) -> float:
        """CPU for each viewer at the edges, or at the single process, % of a core."""
        places = self.edges or (self.origin,)
        viewers = sum(each.viewers for each in places)
        return sum(each.cpu for each in places) / viewers if viewers else math.nan

    @property
    def late_p50(self) -> float:
        return percentile(sorted(self.late), 0.5)

    def as_json(self) -> dict[str, Any]:
        names = ("hop_p50", "hop_p99", "cpu_of_viewer", "late_p50")
        return asdict(self) | {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Round:
    """The runs of one round."""

    single: Run
    equal: dict[int, Run]
    """By number of edges, with the same total of viewers as `single`, in equal shares."""
    few: Run
    """One edge, with as many viewers as the origin."""
    many: Run
    """The same viewers at the origin, but MANY times as many at the edge."""
    feeds: Feeds

    @property
    def runs(self) -> Iterator[tuple[str, Run]]:
        yield "one process", self.single
        for edges, run in self.equal.items():
            yield f"{edges} edge{'s' if edges > 1 else ''}", run
        yield "1 edge, few", self.few
        yield "1 edge, many", self.many


@dataclass(frozen=True, slots=True)
class Report:
    viewers: int
    rounds: list[Round]

    @property
    def bars(self) -> list[Bar]:
        return [*self._bars()]

    def _bars(self) -> Iterator[Bar]:
        for edges in self.rounds[0].equal:
            name = f"origin + {edges}"
            runs = [(each.single, each.equal[edges]) for each in self.rounds]
            yield Bar(f"added p50, {name}", median(run.hop_p50 for _, run in runs), HOP_P50, "ms")
            yield Bar(f"added p99, {name}", median(run.hop_p99 for _, run in runs), HOP_P99, "ms")
            ratio = median(run.cpu_of_viewer / single.cpu_of_viewer for single, run in runs)
            yield Bar(f"CPU of a viewer, {name}, of the single process's", ratio, CPU, "×")
        flat = median(each.many.origin.cpu / each.few.origin.cpu for each in self.rounds)
        yield Bar(f"CPU of the origin with {MANY} × the viewers at its edge", flat, FLAT, "×")
        warm = [took for each in self.rounds for run in each.equal.values() for took in run.late]
        yield Bar("first picture of a late viewer at an edge, p50", _median(warm), LATE, "ms")
        cold = [took for each in self.rounds for took in each.feeds.cold]
        yield Bar("the same, first viewer of the edge, p50", _median(cold), LATE, "ms")
        lost = sum(run.lost for each in self.rounds for _, run in each.runs)
        yield Bar("frames, connections and joins lost", lost, 0, "")

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [
            found
            for number, each in enumerate(self.rounds, 1)
            for found in (
                *((f"round {number}, {name}", run.outcome) for name, run in each.runs),
                (f"round {number}, feeds", each.feeds.outcome),
            )
        ]

    def as_json(self) -> dict[str, Any]:
        feeds = [each.feeds for each in self.rounds]
        return {
            "kbps": KBPS,
            "fps": FPS,
            "viewers": self.viewers,
            "rounds": [
                {name: _finite(run.as_json()) for name, run in each.runs} for each in self.rounds
            ],
            "feeds": [_finite(each.as_json()) for each in feeds],
            "bars": [bar.as_json() for bar in self.bars],
        }


async def measure(
    folder: Path,
    viewers: int,
    rooms: int,
    seconds: float,
    rounds: int,
    cores: tuple[int, int],
    *,
    progress: Callable[[str], None],
) -> Report:
    """Measures all runs in each round. The order alternates. All servers use the first core, the
    load generator uses the second.
    """
    options = (*server_options(max(viewers, 2 * rooms)), *OPTIONS)
    progress("starting PostgreSQL, nats-server and six servers")
    async with AsyncExitStack() as stack:
        with on_core(cores[0]):
            (folder / "single").mkdir()
            single = await stack.enter_async_context(LocalServer(folder / "single", *options))
        nodes = await stack.enter_async_context(
            cluster(folder / "nodes", max(EDGES), cores[0], *options)
        )
        stack.enter_context(on_core(cores[1]))  # late viewers belong to the generator
        bench = _Bench(folder, single, nodes, viewers, rooms, seconds, cores[1], progress)
        return Report(viewers, [await bench.round(number) for number in range(rounds)])


@dataclass(frozen=True, slots=True)
class Plan:
    viewers: int
    edges: int
    shares: int
    """Viewers at each edge for each viewer at the origin."""


@dataclass(frozen=True, slots=True)
class _Bench:
    folder: Path
    single: LocalServer
    nodes: Cluster
    viewers: int
    rooms: int
    seconds: float
    core: int
    """The core of the load generator."""
    progress: Callable[[str], None]

    async def round(self, number: int) -> Round:
        folder = self.folder / f"round{number}"
        plans = {
            "single": Plan(self.viewers, 0, 0),
            **{str(edges): Plan(self.viewers, edges, 1) for edges in EDGES},
            "few": Plan(round(2 * self.viewers / (1 + MANY)), 1, 1),
            "many": Plan(self.viewers, 1, MANY),
        }
        runs = {}
        for name in list(plans) if number % 2 == 0 else list(plans)[::-1]:
            plan = plans[name]
            self.progress(f"round {number + 1}: {plan.edges} edges, {plan.viewers} viewers")
            runs[name] = await self._run(folder / name, plan)
        self.progress(f"round {number + 1}: {self.rooms} rooms at two edges")
        feeds = await measure_feeds(
            folder / "feeds", self.nodes, self.rooms, self.seconds, self.core
        )
        equal = {edges: runs[str(edges)] for edges in EDGES}
        return Round(runs["single"], equal, runs["few"], runs["many"], feeds)

    async def _run(self, folder: Path, plan: Plan) -> Run:
        """Measures viewers at the single process, or at the origin and at its edges."""
        origin = self.nodes.origin if plan.edges else self.single
        chosen = self.nodes.edges[: plan.edges]
        words, within = load_words(plan.viewers, self.seconds, RATE)
        words = (*words, "--probes", probes(plan.viewers))
        if chosen:
            words = (*words, "--nodes", ",".join([origin.url, *_urls(chosen) * plan.shares]))
        clock, nats = asyncio.get_running_loop().time, self.nodes.nats.pid
        async with own_room(origin.url, "growth") as (api, room):
            words = (*words, "--room", room.room, "--key", room.key)
            async with load_beside(folder, self.core, origin.url, *words, within=within) as load:
                await api.wait_live(room.room, LIVE_WITHIN)
                began, before = clock(), running_seconds(nats)
                await _until(load, plan.viewers / RATE + LATE_BEGINS)
                late = await self._late(_urls(chosen or [origin]), room.room, load)
                share = (running_seconds(nats) - before) / (clock() - began)
                summary = await load
        return _run_of(summary, plan.viewers, share * 100, late)

    async def _late(
        self, urls: Sequence[str], room: str, load: asyncio.Task[dict[str, Any]]
    ) -> tuple[float, ...]:
        """Lets viewers join one after the other, until some seconds before the end of the run."""
        clock = asyncio.get_running_loop().time
        end = clock() + self.seconds - LATE_ENDS
        times: list[float] = []
        while not load.done() and (not times or clock() < end):
            times.append(await first_picture(urls[len(times) % len(urls)], room))
            await _until(load, LATE_EVERY)
        return tuple(times)


def _urls(servers: Sequence[LocalServer]) -> list[str]:
    return [each.url for each in servers]


async def _until(load: asyncio.Task[dict[str, Any]], seconds: float) -> None:
    """Waits some seconds, or until the load has ended."""
    await asyncio.wait([load], timeout=seconds)


def _run_of(summary: dict[str, Any], viewers: int, nats: float, late: tuple[float, ...]) -> Run:
    figures = summary["figures"]
    nodes = summary["nodes"]
    single = Place(
        viewers,
        figure(figures["server_cpu"]),
        figure(figures["p50"]),
        figure(figures["p99"]),
    )
    places = [
        Place(node["watching"], *(figure(node[name]) for name in ("cpu", "p50", "p99")))
        for node in nodes
    ] or [single]
    lost = figures["gaps"] + figures["disconnects"] + figures["failures"]
    lost += sum(not math.isfinite(took) for took in late)
    return Run(viewers, places[0], tuple(places[1:]), nats, lost, late, summary["outcome"])


def probes(viewers: int) -> str:
    """Returns the per cent of the viewers that time each message, at least PROBES of them."""
    return str(min(100.0, max(5.0, 100 * PROBES / viewers)))


def _median(values: Sequence[float]) -> float:
    return median(values) if values else math.nan


def figure(value: float | None) -> float:
    """Returns a figure of scripts/load; NaN if it was not measured."""
    return math.nan if value is None else value


def _finite(value: Any) -> Any:
    """Returns JSON values, with None for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value
