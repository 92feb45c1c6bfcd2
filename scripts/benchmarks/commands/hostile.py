"""`scripts/bench hostile`."""

import json
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks.commands.hostile_modes import (
    ROW_SECONDS,
    finite,
    measure_honest,
    measure_overload,
    measure_pauses,
)
from scripts.benchmarks.commands.output import console, give_up, notes, progress
from scripts.benchmarks.commands.running import Json, measured, two_cores
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.hostile import measure as benchmark
from scripts.benchmarks.hostile.figures import Report, Result
from scripts.benchmarks.hostile.rows import ROWS, Row
from server.host.lan import self_signed


def hostile(
    only: Annotated[
        str,
        typer.Option(metavar="ROW[,ROW]", help="Names of the attacks to run. [default: all]"),
    ] = "",
    pairs: Annotated[
        int, typer.Option(min=1, max=20, help="Pairs of runs: quiet, then with the attack.")
    ] = 1,
    seconds: Annotated[float, typer.Option(min=3, max=600, help="Seconds of each run.")] = 6,
    rows: Annotated[bool, typer.Option("--rows", help="List the attacks and exit.")] = False,
    overload: Annotated[
        bool,
        typer.Option("--overload", help="Instead: more creators and viewers than a core carries."),
    ] = False,
    creators: Annotated[
        int, typer.Option(min=2, max=300, help="Creators that a core carries, for --overload.")
    ] = 90,
    honest: Annotated[
        bool,
        typer.Option("--honest", help="Instead: honest crowds that must not be slowed."),
    ] = False,
    pauses: Annotated[
        bool, typer.Option("--pauses", help="Instead: pauses of the server's process.")
    ] = False,
    times: Annotated[int, typer.Option(min=1, max=100, help="Pauses of each duration.")] = 20,
    disturbed: Annotated[
        bool,
        typer.Option("--disturbed", help="Accept pairs that other programs disturbed."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Measures what a creator and 200 viewers notice while one attacker attacks the server. Exit
    codes: 0 all bars met; 1 a bar missed; 2 an attack was not measured.
    """
    if rows:
        for row in ROWS:
            console.print(f"{row.name:24} {row.finding:6} {row.title}", markup=False)
        return
    if overload + honest + pauses > 1:
        give_up("choose one of --overload, --honest and --pauses")
    if overload:
        return measure_overload(creators, seconds, as_json)
    if honest:
        return measure_honest(seconds, as_json)
    if pauses:
        return measure_pauses(times, as_json)
    _conclude(_measure_attacks(chosen_rows(only), pairs, seconds, disturbed), as_json)


def _measure_attacks(chosen: Sequence[Row], pairs: int, seconds: float, disturbed: bool) -> Report:
    async def run() -> Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            certificate = self_signed(Path(folder), ["127.0.0.1"])
            return await benchmark.measure(
                Path(folder),
                chosen,
                pairs,
                seconds,
                two_cores(),
                certificate=certificate,
                disturbed=disturbed,
                progress=progress,
            )

    longest = sum(seconds + row.duration(seconds) + ROW_SECONDS for row in chosen)
    return measured(run(), (2 * pairs + 1) * longest)


def _conclude(report: Report, as_json: bool) -> None:
    """Prints the report. Raises Exit with code 1 if a bar was missed, or with code 2 if an attack
    was not measured.
    """
    if as_json:
        print(json.dumps(finite(report.as_json()), indent=2))
    else:
        console.print(_table(report))
        for name, bar in report.missed:
            console.print(f"MISSED: {name}: {_bar(bar)}", style="red", markup=False)
    if report.missing:
        for line in report.missing:
            notes.print(f"INVALID: {line}", style="bold white on red", markup=False)
        give_up(f"{len(report.missing)} of {len(report.results)} attacks were not measured")
    if report.missed:
        raise typer.Exit(1)


def chosen_rows(only: str) -> list[Row]:
    """Returns the attacks that `--only` names, or all attacks. Raises Exit with code 2 if a name is
    unknown.
    """
    names = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := [name for name in names if name not in {row.name for row in ROWS}]:
        give_up(f"--only: there is no attack {unknown[0]!r}; --rows lists the attacks")
    return [row for row in ROWS if not names or row.name in names]


def _table(report: Report) -> Table:
    table = Table(
        *("attack", "p99 ms", "gap ms", "/healthz p50 / p99", "CPU %", "MB", "attacker", "verdict"),
        title="Attacks: quiet → attack",
    )
    for result in report.results:
        table.add_row(*_cells(result))
    return table


def _cells(result: Result) -> list[str]:
    name = f"{result.name} ({result.finding})" if result.finding else result.name
    if not result.pairs:
        return [name, *[""] * 6, "INVALID"]
    pairs = result.pairs

    def change(values: list[tuple[float, float]]) -> str:
        return " → ".join(f"{median(side):.1f}" for side in zip(*values, strict=True))

    quiet, attack = [pair.quiet for pair in pairs], [pair.attack for pair in pairs]
    health = [
        median([side.felt.health_p50 for side in attack]),
        median([side.felt.health_p99 for side in attack]),
    ]
    memory = [
        median(values)
        for values in zip(
            *((pair.memory.before, pair.memory.peak, pair.memory.after) for pair in pairs),
            strict=True,
        )
    ]
    missed = ", ".join(bar.name.split(",")[0] for bar in result.missed)
    return [
        name,
        change([(pair.quiet.felt.media_p99, pair.attack.felt.media_p99) for pair in pairs]),
        change([(pair.quiet.felt.gap, pair.attack.felt.gap) for pair in pairs]),
        " / ".join(f"{value:.1f}" for value in health),
        change(list(zip([s.cpu for s in quiet], [s.cpu for s in attack], strict=True))),
        " → ".join(f"{value:.0f}" for value in memory),
        pairs[0].fate,
        (f"MISSED: {missed}" if missed else "kept") + (" (disturbed)" if result.disturbed else ""),
    ]


def _bar(bar: Bar) -> str:
    sign = "≥" if bar.least else "≤"
    value = "never" if math.isinf(bar.value) else f"{bar.value:.2f} {bar.unit}"
    return f"{bar.name} {value} ({sign} {bar.limit:.2f})"
