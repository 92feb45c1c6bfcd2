"""`scripts/bench highlights`."""

import re
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks.commands.output import conclude, console, give_up
from scripts.benchmarks.commands.running import Json
from scripts.benchmarks.highlights.evaluation import Finder, Report, evaluate
from scripts.benchmarks.highlights.people import find_by_people
from scripts.benchmarks.highlights.taps import find_by_taps

FINDERS: dict[str, Finder] = {"people": find_by_people, "taps": find_by_taps}
"""The ways to find moments."""
MAX_SEEDS = 1_000


def highlights(
    seeds: Annotated[str, typer.Option(help="Seeds of the lives, such as 1-10 or 7.")] = "1-10",
    finder: Annotated[
        str, typer.Option(metavar="NAME", help=f"Way to find moments: {', '.join(FINDERS)}.")
    ] = "people",
    as_json: Json = False,
) -> None:
    """Scores how well the best moments are found in scripted lives with known moments and with
    late, noisy and automatic reactions. Starts no server.
    """
    if finder not in FINDERS:
        give_up(f"--finder: there is no {finder!r}; there are {', '.join(FINDERS)}")
    report = evaluate(_seeds(seeds), FINDERS[finder])
    if not as_json:
        console.print(_table(report))
    conclude(report.bars, report.as_json() if as_json else None)


def _seeds(text: str) -> range:
    found = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text)
    if found is None or not 0 <= int(found[2] or found[1]) - int(found[1]) < MAX_SEEDS:
        give_up(f"--seeds: {text!r} is not a seed, or two seeds such as 1-10")
    return range(int(found[1]), int(found[2] or found[1]) + 1)


def _table(report: Report) -> Table:
    table = Table(
        *("seed", "people", "known", "found", "precision@3", "bot moved it"),
        title="Best moments of scripted lives",
    )
    for live in report.lives:
        table.add_row(
            *(str(live.seed), str(live.people), str(live.known), str(len(live.found))),
            *(f"{live.precision:.2f}", "yes" if live.moved else "no"),
        )
    return table
