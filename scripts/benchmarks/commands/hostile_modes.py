"""The modes of `scripts/bench hostile` that measure something other than an attacker."""

import math
import tempfile
from pathlib import Path
from typing import Any

from rich.table import Table

from scripts.benchmarks.commands.output import conclude, console, progress
from scripts.benchmarks.commands.running import measured, two_cores
from scripts.benchmarks.hostile import honest as honest_benchmark
from scripts.benchmarks.hostile import measure as benchmark
from scripts.benchmarks.hostile import overload as overload_benchmark
from scripts.benchmarks.hostile import pauses as pauses_benchmark
from scripts.benchmarks.hostile.crowd_report import CrowdReport

ROW_SECONDS = 180.0
"""Maximum time that one pair of runs or one crowd may take in addition to the measured time,
seconds.
"""


def measure_overload(creators: int, seconds: float, as_json: bool) -> None:
    async def run() -> CrowdReport[overload_benchmark.Crowd]:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await overload_benchmark.measure(
                Path(folder),
                await benchmark.encode(),
                creators,
                seconds,
                two_cores(),
                progress=progress,
            )

    report = measured(run(), 5 * (3 * seconds + ROW_SECONDS))
    if not as_json:
        names = ("accepted", "503", "503 p99 ms", "failed", "frames", "p99 ms", "gap ms")
        table = Table("load", *names, "CPU %", "normal after s", "storm CPU %", title="Overload")
        for crowd in report.crowds:
            numbers = (crowd.accepted, crowd.refused, crowd.refused_ms, crowd.failed)
            felt = crowd.side.felt
            table.add_row(
                crowd.name,
                *(f"{number:.0f}" for number in numbers),
                f"{crowd.share:.3f}",
                *(f"{number:.0f}" for number in (felt.media_p99, felt.gap, crowd.side.cpu)),
                f"{crowd.normal:.1f}",
                f"{crowd.storm:.1f}",
            )
        console.print(table)
    conclude(report.bars, finite(report.as_json()) if as_json else None, report.outcomes)


def measure_honest(seconds: float, as_json: bool) -> None:
    async def run() -> CrowdReport[honest_benchmark.Honest]:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await honest_benchmark.measure(
                Path(folder), await benchmark.encode(), seconds, two_cores(), progress=progress
            )

    report = measured(run(), 3 * (seconds + ROW_SECONDS))
    if not as_json:
        table = Table("crowd", "p99 ms", "CPU %", "lost", "counters moved", title="Honest crowds")
        for crowd in report.crowds:
            moved = ", ".join(f"{name} {grown:.0f}" for name, grown in crowd.moved.items())
            felt = crowd.side.felt
            table.add_row(
                *(crowd.name, f"{felt.media_p99:.1f}", f"{crowd.side.cpu:.0f}", str(crowd.lost)),
                moved,
            )
        console.print(table)
    conclude(report.bars, finite(report.as_json()) if as_json else None, report.outcomes)


def measure_pauses(times: int, as_json: bool) -> None:
    async def run() -> pauses_benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await pauses_benchmark.measure(
                Path(folder), await benchmark.encode(), times, two_cores(), progress=progress
            )

    report = measured(run(), 4 * (ROW_SECONDS + 3 * times))
    if not as_json:
        names = ("pause ms", "sent", "dropped by the kernel", "missing", "generated")
        table = Table(*names, title=f"{times} pauses of the server: audio packets")
        for each in report.pauses:
            numbers = (each.pause, each.sent, each.dropped, each.missing, each.generated)
            table.add_row(*(f"{number:.0f}" for number in numbers))
        console.print(table)
    conclude(report.bars, report.as_json() if as_json else None)


def finite(value: Any) -> Any:
    """Replaces infinity and NaN with None (`null`), because JSON supports neither value."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return value
