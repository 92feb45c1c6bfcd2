"""`scripts/bench latency`."""

from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import latency as benchmark
from scripts.benchmarks.chromium import browsers
from scripts.benchmarks.commands.running import Json, Url, measured, players, server
from scripts.benchmarks.commands.telling import cells, conclude, console, progress
from scripts.benchmarks.figures import Figures


def latency(
    url: Url = None,
    paths: Annotated[
        str, typer.Option(help="Players of the watch page, with commas between.")
    ] = ",".join(benchmark.PATHS),
    slots: Annotated[int, typer.Option(min=0, help="Turns that each way gets.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="Seconds measured in each turn.")] = 20,
    joins: Annotated[
        int, typer.Option(min=0, help="Viewers who come in, one after the other.")
    ] = 20,
    as_json: Json = False,
) -> None:
    """Glass to glass on each path beside direct WebRTC, and time to first picture."""
    chosen = players(paths)

    async def run() -> benchmark.Report:
        async with server(url) as base, browsers(2) as (creators, viewers):
            return await benchmark.measure(
                base,
                creators,
                viewers,
                paths=chosen,
                slots=slots,
                seconds=seconds,
                joins=joins,
                progress=progress,
            )

    report = measured(run(), 60 + (1 + len(chosen)) * (slots * (seconds + 40) + joins * 10))
    if not as_json:
        _latency_table(report)
    conclude(report.bars, report.as_json() if as_json else None)


def _latency_table(report: benchmark.Report) -> None:
    titles = {way: f"watch page, {path.title}" for way, path in benchmark.PATHS.items()} | {
        benchmark.DIRECT: "direct WebRTC"
    }
    table = Table(
        "ms",
        "p50",
        "p95",
        "least",
        "most",
        "measured",
        "ratio of the medians",
        title="Glass to glass, sound on",
    )
    for way in report.ways:
        table.add_row(
            titles[way],
            *cells(report.of(way)),
            "" if way == benchmark.DIRECT else f"{report.ratio(way):.2f}",
        )
    if report.slots:
        console.print(table)
        slots = Table(
            "slot",
            "way",
            "p50",
            "p95",
            "least",
            "most",
            "frames",
            "stalls",
            "seeks",
            "aimed at",
            title="Slot by slot",
        )
        for number, slot in enumerate(report.slots):
            told = ["" if slot.way == benchmark.DIRECT else str(slot.stalls)]
            told += [
                str(round(slot.player[name])) if name in slot.player else ""
                for name in ("seeks", "target")
            ]
            slots.add_row(
                str(number // len(report.ways) + 1), slot.way, *cells(Figures.of(slot.ages)), *told
            )
        console.print(slots)
    if report.empty:
        joins = Table(
            "ms",
            "p50",
            "p95",
            "least",
            "most",
            "visits",
            title="From navigation to the first picture",
        )
        joins.add_row(
            "an empty page, to its first animation frame", *cells(Figures.of(report.empty))
        )
        for way, times in report.joins.items():
            joins.add_row(titles[way], *cells(Figures.of(times)))
            joins.add_row("  its player's own", *cells(Figures.of(report.played[way])))
        console.print(joins)
