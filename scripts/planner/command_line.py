"""`scripts/plan`: what rooms and viewers take. Exit codes: 0, or 2 for bad input."""

import json
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from scripts.planner.constants import Constants, with_results
from scripts.planner.document import with_plans
from scripts.planner.errors import BadInput
from scripts.planner.estimate import Estimate, estimate
from scripts.planner.tables import Rows, constant_rows, plan_rows, summary_lines
from scripts.planner.world import PLACEMENTS, parse_world

MOST_BYTES = 1 << 20
"""Largest file that is read."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
notes = Console(stderr=True, highlight=False)

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def main() -> None:
    cli(prog_name="plan")


@cli.command()
def plan(
    worlds: Annotated[list[Path], typer.Argument(metavar="WORLD.toml...")],
    results: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help=(
                "What scripts/bench fanout, ingest or recording printed with --json. May be "
                "repeated; the last file counts."
            ),
        ),
    ] = None,
    chosen_only: Annotated[
        bool, typer.Option("--chosen-only", help="Only the placement that the world chooses.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object for each world instead of tables.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Write a plot of the last world.")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the plans into this document, PLANS.md."),
    ] = None,
) -> None:
    """Computes what the rooms and viewers of a world take: boxes, cores, traffic between boxes,
    NATS, cost per hour. scripts/planner/worlds has two examples.
    """
    plans = []
    for path in worlds:
        found, constants = _planned(path, results or [], chosen_only=chosen_only)
        plans.append((found, constants))
        if as_json:
            print(json.dumps(_as_json(found, constants), indent=2))
        else:
            _show(found)
    if not as_json:
        console.print(_table(plans[-1][1]))
    if write is not None:
        try:
            document = with_plans(_text(write), plans)
        except BadInput as error:
            _refuse(f"--write {write}: {error}")
        _write(write, document)
    if plot is not None:
        from scripts.planner import plot as plots  # the import takes a second

        _write(plot, plots.plot(plans[-1][0]))


def _planned(path: Path, results: Sequence[Path], *, chosen_only: bool) -> tuple[Estimate, Rows]:
    """Returns the estimate of the world in the file, and the table of its constants."""
    try:
        world = parse_world(tomllib.loads(_text(path)))
    except (BadInput, tomllib.TOMLDecodeError) as error:
        _refuse(f"{path}: {error}")
    constants = Constants()
    sources: dict[str, str] = {}
    for file in results:
        try:
            constants, names = with_results(constants, json.loads(_text(file)), world.rooms.kbps)
        except (BadInput, ValueError, RecursionError) as error:
            _refuse(f"--results {file}: {error}")
        sources |= dict.fromkeys(names, file.name)
    try:
        placements = (world.placement,) if chosen_only else PLACEMENTS
        found = estimate(world, constants, placements)
    except BadInput as error:
        _refuse(f"{path}: {error}")
    return found, constant_rows(constants, sources)


def _show(found: Estimate) -> None:
    console.print(found.world.title, style="bold", markup=False)
    for line in summary_lines(found):
        console.print(line, markup=False)
    console.print(_table(plan_rows(found)))


def _table(rows: Rows) -> Table:
    table = Table(*rows[0])
    for row in rows[1:]:
        table.add_row(*row)
    return table


def _as_json(found: Estimate, constants: Rows) -> dict[str, Any]:
    titles, *rows = constants
    return {
        **asdict(found),
        "world": found.world.model_dump(),
        "constants": [dict(zip(titles, row, strict=True)) for row in rows],
    }


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MOST_BYTES + 1)
    except OSError as error:
        _refuse(f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        _refuse(f"{path}: is no text in UTF-8")
    if len(text) > MOST_BYTES:
        _refuse(f"{path}: is larger than {MOST_BYTES:,} characters")
    return text


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        _refuse(f"{path}: {error.strerror}")


def _refuse(why: str) -> NoReturn:
    notes.print(f"plan: {why}", markup=False, soft_wrap=True)
    raise typer.Exit(2)
