"""`scripts/bench clips`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import clips as benchmark
from scripts.benchmarks.commands.output import conclude, console, give_up, progress
from scripts.benchmarks.commands.running import Json, measured, two_cores

SPARE = 120.0
"""Maximum time for one bitrate in addition to the warm-up and the taps, seconds."""


def clips(
    viewers: Annotated[int, typer.Option(min=1, max=3_000, help="Number of viewers.")] = 500,
    kbps: Annotated[
        str, typer.Option(help="Bitrates of the live, kbps, separated by commas.")
    ] = "1000,2500",
    lengths: Annotated[
        str, typer.Option(help="Lengths of the clips, seconds, separated by commas.")
    ] = "10,30,60",
    at_once: Annotated[
        str, typer.Option(help="Numbers of taps at the same time, separated by commas.")
    ] = "1,10",
    rounds: Annotated[
        int, typer.Option(min=1, max=200, help="Number of taps for each row of the table.")
    ] = 20,
    as_json: Json = False,
) -> None:
    """Measures clips of a live: the time from the tap until the clip can be played, the CPU time of
    a clip, and what the viewers notice. With ffmpeg installed, also measures how long ffmpeg takes
    to copy the same moment out of a file.
    """
    plan = benchmark.Plan(_numbers(kbps), _numbers(lengths), _numbers(at_once), viewers, rounds)

    async def run() -> benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await benchmark.measure(Path(folder), plan, two_cores(), progress=progress)

    report = measured(run(), len(plan.kbps) * (plan.warm_up + plan.taps + SPARE))
    if not as_json:
        console.print(_table(report))
        for row in report.viewers:
            console.print(
                f"media p99 at {row.kbps / 1_000:g} Mbps: {row.without:.1f} ms without clips, "
                f"{row.during:.1f} ms with clips"
            )
    conclude(
        report.bars,
        report.as_json() if as_json else None,
        [(f"{row.kbps} kbps", "invalid") for row in report.viewers if "invalid" in row.outcomes],
    )


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        give_up(f"{text!r} is not a list of numbers")


def _table(report: benchmark.Report) -> Table:
    table = Table(
        *("clip", "MB", "playable p50", "p95", "whole p50", "CPU a clip"),
        *("ffmpeg p50", "CPU", "failed"),
        title="Clips, ms",
    )
    for case in report.cases:
        copied = case.ffmpeg.count > 0
        table.add_row(
            case.name,
            f"{case.megabytes:.1f}",
            *(f"{value:.0f}" for value in (case.playable.p50, case.playable.p95, case.whole.p50)),
            f"{case.cpu:.0f}",
            f"{case.ffmpeg.p50:.0f}" if copied else "–",
            f"{case.ffmpeg_cpu:.0f}" if copied else "–",
            str(case.failed),
        )
    return table
