"""`scripts/bench swipe`."""

from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import swipe as benchmark
from scripts.benchmarks.chromium import browsers
from scripts.benchmarks.commands.output import DISTRIBUTION, cells, conclude, console, progress
from scripts.benchmarks.commands.running import Json, Url, measured, server
from scripts.benchmarks.figures import Figures


def swipe(
    url: Url = None,
    swipes: Annotated[int, typer.Option(min=5, max=5_000, help="Swipes up and down.")] = 100,
    pause: Annotated[float, typer.Option(min=0, max=30, help="Seconds at each live.")] = 0.8,
    seconds: Annotated[float, typer.Option(min=3, max=120, help="Seconds of CPU.")] = 10,
    as_json: Json = False,
) -> None:
    """Measures the feed with ten lives on the screen of a phone: the time from a swipe to a moving
    picture, black frames, CPU and bytes of the neighbours, and memory.
    """

    async def run() -> benchmark.Report:
        async with server(url) as base, browsers(1) as (browser,):
            return await benchmark.measure(
                base, browser, swipes=swipes, pause=pause, seconds=seconds, progress=progress
            )

    standbys = 2 * benchmark.CPU_PAIRS * (seconds + 20)
    report = measured(run(), 180 + standbys + swipes * (pause + 3) * 1.2)
    if not as_json:
        table = Table("ms", *DISTRIBUTION, "measured", title="From the end of a swipe to a motion")
        table.add_row("swipes", *cells(report.moving))
        burst = Figures.of(each.moving_after for each in report.burst[-1:])
        table.add_row("after a burst of ten", *cells(burst))
        console.print(table)
        console.print(f"most at once: {report.most}; memory MB: {report.as_json()['memory']}")
    conclude(report.bars, report.as_json() if as_json else None)
