"""`scripts/bench ingest`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import ingest as benchmark
from scripts.benchmarks.commands.output import conclude, console, progress
from scripts.benchmarks.commands.running import Json, measured, two_cores


def ingest(
    creators: Annotated[int, typer.Option(min=2, max=200, help="Number of creators.")] = 20,
    seconds: Annotated[
        float, typer.Option(min=2, max=120, help="Seconds measured for each bitrate.")
    ] = 15,
    as_json: Json = False,
) -> None:
    """Measures the CPU and memory of the server per creator, at 1 and 2.5 Mbps. For comparison, a
    bare loop receives the same packets with `recvfrom` and decrypts them (SRTP).
    """

    async def run() -> benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await benchmark.measure(
                Path(folder), creators, seconds, two_cores(), progress=progress
            )

    report = measured(run(), 3 * (2 * seconds + 240))
    if not as_json:
        console.print(_ingest_table(report))
    conclude(
        report.bars,
        report.as_json() if as_json else None,
        [(f"{run.kbps:.0f} kbps {run.variant}".strip(), run.outcome) for run in report.runs],
    )


def _ingest_table(report: benchmark.Report) -> Table:
    table = Table(
        "creators",
        "kbps each",
        "CPU % each",
        "recvfrom + SRTP %",
        "ratio",
        "creators a core",
        "MB a room",
        "of that window",
        title="Ingest: WHIP, audio on",
    )
    for run in report.runs:
        table.add_row(
            *(
                f"{run.creators} {run.variant}",
                f"{run.kbps:.0f}",
                f"{run.cpu:.2f}",
                f"{run.bare_cpu:.2f}",
                f"{run.ratio:.1f}",
            ),
            *(str(run.per_core), f"{run.memory:.1f}", f"{run.window:.1f}"),
        )
    return table
