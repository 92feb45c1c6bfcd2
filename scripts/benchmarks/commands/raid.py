"""`scripts/bench raid`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import raid as benchmark
from scripts.benchmarks.commands.output import DISTRIBUTION, cells, conclude, console, progress
from scripts.benchmarks.commands.running import Json, measured

BEFORE_AND_AFTER = 60.0
"""Seconds that a run takes in addition to the raid."""


def raid(
    guests: Annotated[int, typer.Option(min=1, max=2_000, help="Guests who raid.")] = 300,
    addresses: Annotated[int, typer.Option(min=1, max=200, help="Their addresses.")] = 20,
    seconds: Annotated[
        float, typer.Option(min=1, max=600, help="Seconds of the raid before the shield.")
    ] = 20,
    as_json: Json = False,
) -> None:
    """Raids a room with new guests. Measures the delay of messages from people whom the creator
    knows: without a raid, during the raid, and while the shield is up.
    """
    plan = benchmark.Plan(guests, addresses, seconds=seconds)

    async def run() -> benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as data:
            return await benchmark.measure(Path(data), plan, progress=progress)

    report = measured(run(), BEFORE_AND_AFTER + 2 * seconds)
    if not as_json:
        table = Table("messages of known people, ms", *DISTRIBUTION, "messages", title="raid")
        for name, figures in (
            ("without a raid", report.quiet),
            ("during the raid", report.raid),
            ("behind the shield", report.shielded),
        ):
            table.add_row(name, *cells(figures))
        console.print(table)
        answers = ", ".join(f"{number} × {status}" for status, number in report.answers.items())
        console.print(f"messages of the raid that were shown: {report.shown}")
        console.print(f"answers to the raid: {answers}; answer to the tap: {report.tap:.0f} ms")
    conclude(report.bars, report.as_json() if as_json else None)
