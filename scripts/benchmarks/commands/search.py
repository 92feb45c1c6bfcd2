"""`scripts/bench search`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import search as benchmark
from scripts.benchmarks.commands.output import DISTRIBUTION, cells, conclude, console, progress
from scripts.benchmarks.commands.running import Json, measured

WITHIN = 900.0
"""Maximum time of the benchmark, seconds."""


def search(
    clips: Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of clips.")] = 100_000,
    searches: Annotated[
        int, typer.Option(min=1, max=10_000, help="Number of searches of each kind.")
    ] = 400,
    as_json: Json = False,
) -> None:
    """Measures how fast the search answers while the database has many clips."""
    plan = benchmark.Plan(clips, searches)

    async def run() -> benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as data:
            return await benchmark.measure(Path(data), plan, progress=progress)

    report = measured(run(), WITHIN)
    if not as_json:
        table = Table("search for, ms", *DISTRIBUTION, "searches", title="Search")
        for kind, figures in report.queries.items():
            table.add_row(kind, *cells(figures))
        console.print(table)
        console.print(f"{report.clips:,} clips, database of {report.megabytes:.0f} MB")
        console.print(f"CPU time of the server for a search: {report.cpu:.1f} ms")
    conclude(report.bars, report.as_json() if as_json else None)
