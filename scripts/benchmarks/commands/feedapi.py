"""`scripts/bench feedapi`."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import feedapi as benchmark
from scripts.benchmarks.commands.output import conclude, console, progress
from scripts.benchmarks.commands.running import Json, measured, two_cores

START = 60.0
"""Maximum time of a run in addition to the measured time, seconds."""


def feedapi(
    lives: Annotated[int, typer.Option(min=20, max=2_500, help="Number of lives.")] = 2_000,
    clips: Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of clips.")] = 100_000,
    viewers: Annotated[int, typer.Option(min=1, help="Viewers of one live.")] = 1_000,
    rate: Annotated[float, typer.Option(min=1, help="Requests per second.")] = 200,
    seconds: Annotated[float, typer.Option(min=5, help="Seconds of one run.")] = 20,
    pairs: Annotated[int, typer.Option(min=1, help="Pairs of runs.")] = 3,
    as_json: Json = False,
) -> None:
    """Measures the feed with many lives and clips, beside the viewers of one live."""
    plan = benchmark.Plan(lives, clips, viewers, rate, seconds, pairs)
    cores = two_cores()

    async def run() -> benchmark.Report:
        os.sched_setaffinity(0, {cores[1]})
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await benchmark.measure(Path(folder), plan, cores, progress=progress)

    report = measured(run(), 120 + pairs * 2 * (seconds + START))
    if not as_json:
        _show(report)
    outcomes = [("with requests" if run.asked else "alone", run.outcome) for run in report.runs]
    conclude(report.bars, report.as_json() if as_json else None, outcomes)


def _show(report: benchmark.Report) -> None:
    columns = ("requests/s", "p50", "p95", "p99", "media p50", "media p99", "gaps", "CPU %")
    table = Table("run", *columns, title="Feed, ms")
    for run in report.runs:
        figures = run.requests
        asked = (f"{figures.p50:.1f}", f"{figures.p95:.1f}", f"{run.request_p99:.1f}")
        table.add_row(
            "with requests" if run.asked else "alone",
            f"{run.rate:.0f}",
            *(asked if run.asked else ("", "", "")),
            f"{run.p50:.1f}",
            f"{run.p99:.1f}",
            str(run.gaps),
            f"{run.cpu:.0f}",
        )
    console.print(table)
