"""`scripts/bench bitrate`."""

from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import bitrate as benchmark
from scripts.benchmarks.chromium import browsers
from scripts.benchmarks.commands.output import conclude, console
from scripts.benchmarks.commands.running import Json, Url, measured, server


def bitrate(
    url: Url = None,
    seconds: Annotated[int, typer.Option(min=4, help="Seconds to measure.")] = 10,
    as_json: Json = False,
) -> None:
    """Measures the target bitrate and the sent bitrate of a creator's browser. The camera picture
    is noise, and the network loses no packets.
    """

    async def run() -> benchmark.Report:
        async with server(url) as base, browsers(1) as (creators,):
            return await benchmark.measure(base, creators, seconds=seconds)

    report = measured(run(), 90 + 2 * seconds)
    if not as_json:
        table = Table(
            "s",
            "target Mbps",
            "sent Mbps",
            "fps",
            "frame",
            "limited by",
            title="A creator's first seconds",
        )
        for second in report.seconds:
            table.add_row(
                f"{second.at:.1f}",
                f"{second.target:.2f}",
                f"{second.sent:.2f}",
                f"{second.fps:.0f}",
                second.size,
                second.limited,
            )
        console.print(table)
    conclude(report.bars, report.as_json() if as_json else None)
