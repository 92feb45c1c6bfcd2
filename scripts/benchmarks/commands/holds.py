"""`scripts/bench holds`."""

from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import holds as benchmark
from scripts.benchmarks.chromium import browsers
from scripts.benchmarks.commands.output import DISTRIBUTION, cells, conclude, console, progress
from scripts.benchmarks.commands.running import Json, Url, measured, players, server
from scripts.benchmarks.paths import PATHS


def holds(
    url: Url = None,
    paths: Annotated[
        str, typer.Option(help="Players of the watch page, separated by commas.")
    ] = ",".join(benchmark.HELD),
    count: Annotated[int, typer.Option(min=1, max=100, help="Pauses for each player.")] = 3,
    every: Annotated[float, typer.Option(min=5, max=60, help="Seconds between two pauses.")] = 20,
    hold: Annotated[float, typer.Option(min=0.05, max=5, help="Seconds of each pause.")] = 0.4,
    as_json: Json = False,
) -> None:
    """Measures how fast the delay of each player recovers after the viewer's network was
    interrupted.
    """
    chosen = players(paths)

    async def run() -> list[benchmark.Run]:
        async with server(url) as base, browsers(2) as (creators, viewers):
            return await benchmark.measure(
                base,
                creators,
                viewers,
                paths=chosen,
                holds=count,
                every=every,
                hold=hold,
                progress=progress,
            )

    runs = measured(run(), 60 + len(chosen) * (60 + count * (every + hold + 2)))
    if not as_json:
        table = Table(
            "ms",
            *DISTRIBUTION,
            "measured",
            "back after",
            title=f"Glass to glass, the network held for {hold * 1000:.0f} ms every {every:.0f} s",
        )
        for run_ in runs:
            title = PATHS[run_.path].title
            table.add_row(f"{title}, direct", *cells(run_.free))
            table.add_row(
                f"{title}, with pauses",
                *cells(run_.held),
                ", ".join(f"{ms:.0f}" for ms in run_.back),
            )
        console.print(table)
    conclude(
        [bar for run_ in runs for bar in run_.bars],
        {"unit": "ms", "runs": [run_.as_json() for run_ in runs]} if as_json else None,
    )
