"""`scripts/bench installed`."""

from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import installed as benchmark
from scripts.benchmarks.chromium import browsers
from scripts.benchmarks.commands.output import (
    DISTRIBUTION,
    cells,
    conclude,
    console,
    give_up,
    progress,
)
from scripts.benchmarks.commands.running import Json, Url, measured, server
from scripts.benchmarks.figures import Figures
from scripts.benchmarks.paired import interval


def installed(
    url: Url = None,
    pairs: Annotated[
        int, typer.Option(min=6, help="Pairs of joins: one with the service worker, one without.")
    ] = 60,
    as_json: Json = False,
) -> None:
    """Compares the time to the first picture with and without the installed service worker."""

    async def run() -> benchmark.Report:
        async with server(url) as base, browsers(1) as (viewers,):
            return await benchmark.measure(base, viewers, pairs, progress)

    try:
        report = measured(run(), 120 + pairs * 12)
    except benchmark.NotInstalled as error:
        give_up(str(error))
    if not as_json:
        console.print(_table(report))
        low, high = interval(report.differences)
        console.print(f"95 % confidence interval of the difference: {low:.1f} to {high:.1f} ms")
    conclude(report.bars, report.as_json() if as_json else None)


def _table(report: benchmark.Report) -> Table:
    table = Table("ms", *DISTRIBUTION, "joins", title="From navigation to the first picture")
    table.add_row("without a service worker", *cells(Figures.of(report.without)))
    table.add_row("with the service worker", *cells(Figures.of(report.installed)))
    table.add_row("difference", *cells(Figures.of(report.differences)))
    return table
