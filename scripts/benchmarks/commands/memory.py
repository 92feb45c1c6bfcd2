"""`scripts/bench memory`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import memory_budget as benchmark
from scripts.benchmarks.commands.output import conclude, console, progress
from scripts.benchmarks.commands.running import Json, measured, two_cores


def memory(
    megabytes: Annotated[
        int, typer.Option("--memory", min=64, max=8_192, help="Memory budget, MiB.")
    ] = 512,
    creators: Annotated[int, typer.Option(min=2, max=200, help="Number of creators.")] = 50,
    seconds: Annotated[float, typer.Option(min=10, max=600, help="Seconds of each run.")] = 180,
    as_json: Json = False,
) -> None:
    """Measures the server with and without a memory budget. Each creator sends 2.5 Mbps and has one
    viewer.
    """

    async def run() -> benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await benchmark.measure(
                Path(folder), megabytes, creators, seconds, two_cores(), progress=progress
            )

    report = measured(run(), 2 * (seconds + 240))
    if not as_json:
        console.print(_table(report))
    conclude(
        report.bars,
        report.as_json() if as_json else None,
        [(f"--memory {run.budget}", run.outcome) for run in report.runs],
    )


def _table(report: benchmark.Report) -> Table:
    table = Table(
        "--memory",
        "p50 ms",
        "p99 ms",
        "gaps",
        "creators lost",
        "CPU %",
        "MB before",
        "MB most",
        "MB after",
        title="Memory budget",
    )
    for run in report.runs:
        table.add_row(
            *(run.budget, f"{run.p50:.1f}", f"{run.p99:.1f}", str(run.gaps), str(run.lost)),
            *(f"{run.cpu:.0f}", f"{run.before:.0f}", f"{run.most:.0f}", f"{run.after:.0f}"),
        )
    return table
