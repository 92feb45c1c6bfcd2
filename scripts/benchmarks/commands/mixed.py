"""`scripts/bench mixed`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import mixed as benchmark
from scripts.benchmarks.commands.output import conclude, console, progress
from scripts.benchmarks.commands.running import Json, measured, two_cores


def mixed(
    pairs: Annotated[
        int,
        typer.Option(min=1, max=10, help="Number of runs without and with slow and rude viewers."),
    ] = 3,
    rooms: Annotated[int, typer.Option(min=1, max=200, help="Rooms, each with a creator.")] = 50,
    viewers: Annotated[int, typer.Option(min=10, max=3_000, help="Number of viewers.")] = 500,
    seconds: Annotated[float, typer.Option(min=20, max=3_600, help="Seconds of each run.")] = 600,
    as_json: Json = False,
) -> None:
    """Measures the effect of slow and rude viewers on the other viewers, and which resources the
    server still holds after all viewers have left. A rude viewer vanishes or never reads. There are
    many rooms, viewers change rooms, and creators come and go.
    """

    async def run() -> benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await benchmark.measure(
                Path(folder), pairs, rooms, viewers, seconds, two_cores(), progress=progress
            )

    report = measured(run(), 2 * pairs * (seconds + 240))
    if not as_json:
        console.print(_table(report))
    conclude(
        report.bars,
        report.as_json() if as_json else None,
        [(f"run {number}", run.outcome) for number, run in enumerate(report.runs, 1)],
    )


def _table(report: benchmark.Report) -> Table:
    table = Table(
        "slow and rude",
        "p50 ms",
        "p99 ms",
        "gaps",
        "lost",
        "CPU %",
        "MB early",
        "MB late",
        "tasks left",
        "fds left",
        title="Mixed crowds",
    )
    for run in report.runs:
        table.add_row(
            *(
                "with" if run.rude else "without",
                f"{run.p50:.1f}",
                f"{run.p99:.1f}",
                str(run.gaps),
                str(run.disconnects),
                f"{run.cpu:.0f}",
            ),
            *(
                f"{run.memory_early:.0f}",
                f"{run.memory_late:.0f}",
                str(run.tasks),
                str(run.descriptors),
            ),
        )
    return table
