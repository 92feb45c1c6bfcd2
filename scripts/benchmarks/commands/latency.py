"""`scripts/bench latency`."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import latency as benchmark
from scripts.benchmarks import webkit_sound
from scripts.benchmarks.chromium import browsers
from scripts.benchmarks.commands.output import DISTRIBUTION, cells, conclude, console, progress
from scripts.benchmarks.commands.running import Json, Url, measured, players, server
from scripts.benchmarks.figures import Figures
from scripts.benchmarks.paths import PATHS


def latency(
    url: Url = None,
    paths: Annotated[
        str | None,
        typer.Option(
            help="Players of the watch page, separated by commas. [default: all; with --webkit: "
            "the page's own choice]"
        ),
    ] = None,
    slots: Annotated[int, typer.Option(min=0, help="Turns of each path.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="Seconds measured in each turn.")] = 20,
    joins: Annotated[int, typer.Option(min=0, help="Viewers who join, one after the other.")] = 20,
    muted: Annotated[bool, typer.Option("--muted", help="Plays the watch page muted.")] = False,
    webkit: Annotated[
        bool,
        typer.Option(
            "--webkit",
            help="Measures only the watch page in WebKitGTK, with a sound card of PulseAudio, in "
            "the seconds after the tap for sound.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Measures the glass-to-glass latency on each path, and compares the latency with that of
    direct WebRTC. Also measures the time to the first picture.
    """
    if webkit:
        return _webkit(url, players(paths) if paths else [webkit_sound.CHOSEN], seconds, as_json)
    chosen = players(paths) if paths else list(PATHS)

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
                muted=muted,
            )

    report = measured(run(), 60 + (1 + len(chosen)) * (slots * (seconds + 40) + joins * 10))
    if not as_json:
        for table in _tables(report):
            console.print(table)
    conclude(report.bars, report.as_json() if as_json else None)


def _webkit(url: str | None, paths: list[str], seconds: float, as_json: bool) -> None:
    async def run() -> list[webkit_sound.Turn]:
        async with server(url) as base:
            return await webkit_sound.measure(base, paths=paths, seconds=seconds, progress=progress)

    turns = measured(run(), 60 + len(paths) * (seconds + 90))
    if not as_json:
        table = Table("ms", *DISTRIBUTION, "reports", "stalls", "ran dry", title="Behind the lens")
        for turn in turns:
            figures = [f"{turn.more(name):.0f}" for name in ("stalls", "dry")]
            table.add_row(turn.path, *cells(turn.behind), *figures)
        console.print(table)
    report = {"unit": "ms", "turns": [turn.as_json() for turn in turns]} if as_json else None
    conclude([bar for turn in turns for bar in turn.bars], report)


def _tables(report: benchmark.Report) -> Iterator[Table]:
    titles = {path: f"watch page, {playback.title}" for path, playback in PATHS.items()} | {
        benchmark.DIRECT: "direct WebRTC"
    }
    if report.slots:
        yield _path_table(report, titles)
        yield _slot_table(report)
    if report.empty:
        yield _join_table(report, titles)


def _path_table(report: benchmark.Report, titles: Mapping[str, str]) -> Table:
    table = Table(
        "ms",
        *DISTRIBUTION,
        "measured",
        "ratio of the medians",
        title="Glass to glass",
    )
    for path in report.paths:
        table.add_row(
            titles[path],
            *cells(report.of(path)),
            "" if path == benchmark.DIRECT else f"{report.ratio(path):.2f}",
        )
    return table


def _slot_table(report: benchmark.Report) -> Table:
    table = Table(
        "slot",
        "path",
        *DISTRIBUTION,
        "frames",
        "stalls",
        "seeks",
        "aimed at",
        title="Slot by slot",
    )
    for number, slot in enumerate(report.slots):
        statistics = ["" if slot.path == benchmark.DIRECT else str(slot.stalls)]
        statistics += [
            str(round(slot.player[name])) if name in slot.player else ""
            for name in ("seeks", "target")
        ]
        table.add_row(
            str(number // len(report.paths) + 1),
            slot.path,
            *cells(Figures.of(slot.ages)),
            *statistics,
        )
    return table


def _join_table(report: benchmark.Report, titles: Mapping[str, str]) -> Table:
    table = Table(
        "ms",
        *DISTRIBUTION,
        "visits",
        title="From navigation to the first picture",
    )
    table.add_row("an empty page, to its first animation frame", *cells(Figures.of(report.empty)))
    for path, times in report.joins.items():
        table.add_row(titles[path], *cells(Figures.of(times)))
        table.add_row("  the player's own", *cells(Figures.of(report.played[path])))
    return table
