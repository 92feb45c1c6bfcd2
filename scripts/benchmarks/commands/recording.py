"""`scripts/bench recording`."""

import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import recording as benchmark
from scripts.benchmarks.commands.output import conclude, console, give_up, progress
from scripts.benchmarks.commands.running import Json, measured, two_cores
from scripts.benchmarks.paired import NotMeasured


def recording(
    lives: Annotated[int, typer.Option(min=1, max=200, help="Number of lives.")] = 40,
    seconds: Annotated[
        float, typer.Option(min=5, max=300, help="Seconds measured in each run.")
    ] = 20,
    pairs: Annotated[
        int, typer.Option(min=1, max=20, help="Pairs of runs, with and without recording.")
    ] = 3,
    as_json: Json = False,
) -> None:
    """Measures what recording costs: CPU for each live and delay of viewers at 2.5 Mbps, with and
    without recording in alternating order, and samples missing from the recordings.
    """
    plan = benchmark.Plan(lives, seconds, pairs, two_cores())

    async def run() -> benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await benchmark.measure(Path(folder), plan, progress=progress)

    try:
        report = measured(run(), plan.within)
    except NotMeasured as error:
        give_up(str(error))
    if not as_json:
        console.print(_table(report))
    outcome = "fine" if report.p99 else "invalid"
    conclude(report.bars, report.as_json() if as_json else None, [("delay p99", outcome)])


def _table(report: benchmark.Report) -> Table:
    table = Table(
        *("", "without", "with recording", "recording"),
        title=f"Recording {report.lives} lives at {benchmark.KBPS / 1_000:g} Mbps",
    )
    for name, pairs, changes in (
        ("CPU % a live", report.cpu, report.costs),
        ("delay p99 ms, ratio", report.p99, report.delays),
    ):
        if pairs:
            before, after = (median(pair[side] for pair in pairs) for side in (0, 1))
            change = f"{median(changes):.2f} ({min(changes):.2f} … {max(changes):.2f})"
            table.add_row(name, f"{before:.2f}", f"{after:.2f}", change)
    table.add_row("MB recorded a live", "", f"{report.recorded:.1f}", "")
    return table
