"""The output of a benchmark, for people and for programs."""

import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from rich.console import Console

from scripts.benchmarks.figures import Bar, Figures

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
notes = Console(stderr=True, highlight=False)


def give_up(why: str) -> NoReturn:
    notes.print(f"bench: {why}", markup=False)
    raise typer.Exit(2)


def progress(what: str) -> None:
    notes.print(what, style="dim", markup=False)


DISTRIBUTION = ("p50", "p95", "least", "most")
"""Titles of the columns that `cells` fills, without the last one. The last column contains the
number of values; each table chooses the title of the last column.
"""


def cells(figures: Figures) -> list[str]:
    """Returns the values of the columns DISTRIBUTION, and the number of values."""
    return [
        *(f"{value:.0f}" for value in (figures.p50, figures.p95, figures.least, figures.most)),
        str(figures.count),
    ]


def conclude(
    bars: Sequence[Bar], report: dict[str, Any] | None, outcomes: Sequence[tuple[str, str]] = ()
) -> None:
    """Prints for each bar whether it was met, or prints `report` as JSON. Raises Exit with code 1
    if a bar was missed or an outcome is "invalid". An invalid run says nothing about the server.
    """
    invalid = [what for what, outcome in outcomes if outcome == "invalid"]
    for what in invalid:
        notes.print(
            (
                f"INVALID: {what}: the generator was the limit, or the machine was busy with "
                "something else"
            ),
            style="bold white on red",
        )
    if report is not None:
        print(json.dumps(report, indent=2))
    else:
        for bar in bars:
            sign = "≥" if bar.least else "≤"
            style, verdict = ("green", "kept") if bar.kept else ("red", "MISSED")
            digits = 0 if bar.unit == "ms" else 2
            console.print(
                (
                    f"{verdict}: {bar.name} {bar.value:.{digits}f} {bar.unit} ({sign} "
                    f"{bar.limit:.{digits}f})"
                ),
                style=style,
            )
    if invalid or not all(bar.kept for bar in bars):
        raise typer.Exit(1)
