"""`scripts/bench growth`."""

import math
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import growth as benchmark
from scripts.benchmarks import growth_stuck as stuck_benchmark
from scripts.benchmarks.commands.output import conclude, console, progress
from scripts.benchmarks.commands.running import Json, measured, two_cores

SPARE = 120.0
"""Seconds to start and stop all servers."""


def growth(
    viewers: Annotated[
        int, typer.Option(min=9, max=9_000, help="Viewers of each run, at all nodes together.")
    ] = 900,
    rooms: Annotated[
        int, typer.Option(min=1, max=200, help="Rooms with which the cost of a feed is measured.")
    ] = 20,
    seconds: Annotated[float, typer.Option(min=2, max=120, help="Seconds of each run.")] = 10,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds of all runs.")] = 3,
    stuck: Annotated[
        bool,
        typer.Option(
            "--stuck", help="Instead, stop one of three edges with SIGSTOP in each round."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Measures what it costs that viewers watch at other nodes than the creator's: one process
    beside an origin with 1, 2 and 4 edges, with the same total of viewers.
    """
    if stuck:
        return _stuck(viewers, seconds, rounds, as_json)

    async def run() -> benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await benchmark.measure(
                *(Path(folder), viewers, rooms, seconds, rounds, two_cores()), progress=progress
            )

    report = measured(run(), SPARE + rounds * (7 * (viewers / benchmark.RATE + 60) + 10 * seconds))
    if not as_json:
        console.print(_runs(report))
        console.print(_feeds(report))
    conclude(report.bars, report.as_json() if as_json else None, report.outcomes)


def _runs(report: benchmark.Report) -> Table:
    table = Table(
        *("run", "origin: viewers", "CPU %", "p50/p99 ms", "edges: viewers", "CPU %"),
        *("of a viewer ms/s", "added p50/p99 ms", "late p50 ms", "NATS %"),
        title="One room, medians of all rounds",
    )
    for name, _ in report.rounds[0].runs:
        runs = [dict(each.runs)[name] for each in report.rounds]
        origins = [run.origin for run in runs]
        edges = [run.edges for run in runs]
        table.add_row(
            name,
            str(origins[0].viewers),
            f"{median(each.cpu for each in origins):.1f}",
            _pair((each.p50, each.p99) for each in origins),
            str(sum(each.viewers for each in edges[0])),
            f"{median(sum(each.cpu for each in some) for some in edges):.1f}",
            f"{10 * median(run.cpu_of_viewer for run in runs):.3f}",
            _pair((run.hop_p50, run.hop_p99) for run in runs),
            f"{median(run.late_p50 for run in runs):.1f}",
            f"{median(run.nats for run in runs):.2f}",
        )
    return table


def _pair(values: Iterable[tuple[float, float]]) -> str:
    """Returns the medians of p50 and p99; a dash if they were not measured."""
    medians = [median(each) for each in zip(*values, strict=True)]
    return "–" if math.isnan(medians[0]) else "/".join(f"{each:.1f}" for each in medians)


def _feeds(report: benchmark.Report) -> Table:
    feeds = [each.feeds for each in report.rounds]
    table = Table("a feed", "ms/s", "µs a message", title=f"{feeds[0].rooms} rooms at two edges")
    rate = median(each.rate for each in feeds)
    for name, values in (
        ("origin, to one edge", [each.origin_ms for each in feeds]),
        ("origin, to a second edge", [each.origin_second_ms for each in feeds]),
        ("edge", [each.edge_ms for each in feeds]),
        ("nats-server, to one edge", [each.nats_us * each.rate / 1_000 for each in feeds]),
        (
            "nats-server, to a second edge",
            [each.nats_copy_us * each.rate / 1_000 for each in feeds],
        ),
    ):
        table.add_row(name, f"{median(values):.3f}", f"{median(values) / rate * 1_000:.1f}")
    return table


def _stuck(viewers: int, seconds: float, rounds: int, as_json: bool) -> None:
    async def run() -> stuck_benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await stuck_benchmark.measure(
                Path(folder), viewers, seconds, rounds, two_cores(), progress=progress
            )

    report = measured(run(), SPARE + rounds * (viewers / benchmark.RATE + 60 + 2 * seconds))
    if not as_json:
        table = Table("round", "others: viewers", "p50/p99 ms", "lost", title="A stuck edge")
        for number, each in enumerate(report.rounds, 1):
            delays = f"{each.p50:.1f}/{each.p99:.1f}"
            table.add_row(str(number), str(each.viewers), delays, f"{each.lost:.0f}")
        console.print(table)
    conclude(
        report.bars,
        report.as_json() if as_json else None,
        [(f"round {number}", each.outcome) for number, each in enumerate(report.rounds, 1)],
    )
