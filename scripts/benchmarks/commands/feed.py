"""`scripts/bench feed`."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks.commands.output import conclude, console, give_up, progress
from scripts.benchmarks.commands.running import Json
from scripts.benchmarks.feed import constants as c
from scripts.benchmarks.feed.evaluation import Report, evaluate, typical
from scripts.benchmarks.feed.plots import write_plots
from scripts.benchmarks.feed.world import Size

MAX_SEEDS = 100


def feed(
    seeds: Annotated[str, typer.Option(help="Seeds of the worlds, such as 1-10 or 7.")] = "1-10",
    viewers: Annotated[int, typer.Option(min=50, max=100_000)] = c.VIEWERS,
    creators: Annotated[int, typer.Option(min=20, max=5_000)] = c.CREATORS,
    minutes: Annotated[int, typer.Option(min=80, max=1_440, help="Length of the evening.")] = (
        c.MINUTES
    ),
    processes: Annotated[int, typer.Option(min=1, max=64, help="Seeds at the same time.")] = 1,
    plots: Annotated[Path | None, typer.Option(help="Folder for the plots (SVG).")] = None,
    as_json: Json = False,
) -> None:
    """Compares the order of the feed with simple orders and with an oracle, on simulated evenings
    of viewers with hidden tastes and creators who come and go. Starts no server.
    """
    report = evaluate(_seeds(seeds), Size(viewers, creators, minutes), processes=processes)
    if not as_json:
        console.print(_table(report))
    for path in write_plots(report, plots) if plots is not None else ():
        progress(f"wrote {path}")
    conclude(report.bars, report.as_json() if as_json else None)


def _seeds(text: str) -> range:
    found = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text)
    if found is None or not 0 <= int(found[2] or found[1]) - int(found[1]) < MAX_SEEDS:
        give_up(f"--seeds: {text!r} is not a seed, or two seeds such as 1-10")
    return range(int(found[1]), int(found[2] or found[1]) + 1)


def _table(report: Report) -> Table:
    table = Table(
        *("order", "minutes a visit", "of the oracle", "skips"),
        *("20 in the first minute", "impressions without an audience"),
        title="The middle one of all seeds",
    )
    oracle = typical(report, "oracle").minutes
    for order in report.seeds[0].results:
        result = typical(report, order)
        table.add_row(
            *(order, f"{result.minutes:.2f}", f"{result.minutes / oracle:.2f}"),
            *(f"{result.skips:.0%}", f"{1 - result.late / max(1, result.lives):.1%}"),
            f"{result.newcomers:.1%}",
        )
    return table
