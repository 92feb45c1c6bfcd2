"""The command `scripts/bench soak`."""

import asyncio
import math
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import soak as benchmark
from scripts.benchmarks import soak_run
from scripts.benchmarks.chromium import browsers
from scripts.benchmarks.commands.output import conclude, console, progress
from scripts.benchmarks.commands.running import Json, Url, measured, players
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.paths import PATHS

START_WITHIN = 120.0


def soak(
    url: Url = None,
    minutes: Annotated[float, typer.Option(min=1, max=180, help="Length of the live.")] = 30,
    paths: Annotated[
        str,
        typer.Option(help="Players of the watch page, separated by commas; all watch at once."),
    ] = ",".join(PATHS),
    skew_ms: Annotated[
        float,
        typer.Option(
            min=-500,
            max=500,
            help=(
                "Delay the source's beeps by this and subtract it again: checks the measurement."
            ),
        ),
    ] = 0,
    as_json: Json = False,
) -> None:
    """Measures whether delay, lip sync and memory stay constant during a long live. Lip sync is
    measured by flashes and beeps. Ctrl-C ends the live early and prints the results so far.
    """
    chosen = players(paths)
    report = benchmark.Report(minutes * 60, [benchmark.Viewing(path) for path in chosen], skew_ms)

    async def run() -> None:
        try:
            await _live(url, chosen, report)
        except asyncio.CancelledError:
            if not report.lasted:
                raise
            report.notes.append(f"stopped after {report.lasted:.0f} s")

    measured(run(), minutes * 60 + START_WITHIN + 60 * len(chosen))
    if not as_json:
        _table(report)
    conclude(report.bars, report.as_json() if as_json else None)


async def _live(url: str | None, chosen: list[str], report: benchmark.Report) -> None:
    async with AsyncExitStack() as stack:
        viewers = await stack.enter_async_context(browsers(len(chosen)))
        server = None
        if url is None:
            data = stack.enter_context(tempfile.TemporaryDirectory(prefix="microlive-bench-"))
            local = await stack.enter_async_context(LocalServer(Path(data)))
            url, server = local.url, local.pid
        await soak_run.measure(
            url.rstrip("/"), server, viewers, paths=chosen, report=report, progress=progress
        )


def _table(report: benchmark.Report) -> None:
    window = f"{report.window:.0f} s"
    title = (
        f"A live of {report.lasted / 60:.1f} min: the {window} after {benchmark.SETTLE:.0f} s "
        f"→ the last {window}"
    )
    viewings = report.viewings
    table = Table(
        "",
        *(PATHS[viewing.path].title for viewing in viewings),
        *(["server"] if report.server else []),
        title=title,
    )
    first, last = report.first, report.last

    def row(name: str, cell: Callable[[benchmark.Viewing], str], server: str = "") -> None:
        table.add_row(
            name, *(cell(viewing) for viewing in viewings), *([server] if report.server else [])
        )

    row(
        "delay, p50, ms",
        lambda viewing: _change(report.delay(viewing, first).p50, report.delay(viewing, last).p50),
    )
    row(
        "delay, p95, ms",
        lambda viewing: _change(report.delay(viewing, first).p95, report.delay(viewing, last).p95),
    )
    row(
        "audio after video, p50, ms",
        lambda viewing: _change(report.apart(viewing, first).p50, report.apart(viewing, last).p50),
    )
    row("the same in the worst window, ms", lambda viewing: _figure(report.worst_apart(viewing)))
    row(
        "audio and video apart, p95, ms",
        lambda viewing: _change(
            report.apart_size(viewing, first).p95, report.apart_size(viewing, last).p95
        ),
    )
    row("stalls", lambda viewing: str(viewing.counted("stalls", benchmark.SETTLE)))
    row("longest freeze, ms", lambda viewing: _figure(report.freeze(viewing)))
    row("page's heap, minimum, MB", lambda viewing: _growth(report.growth(report.heap(viewing)), 1))
    row(
        "process, minimum, MB",
        lambda viewing: _growth(report.growth(report.renderer(viewing))),
        _growth(report.growth(report.server)),
    )
    row("CPU of the browser, %", lambda viewing: _figure(report.cpu(viewing)))
    console.print(table)
    for note in [
        *report.notes,
        *(f"{viewing.path}: {viewing.error}" for viewing in viewings if viewing.error),
    ]:
        console.print(note, style="red", markup=False)


def _growth(growth: benchmark.Growth, digits: int = 0) -> str:
    return f"{_change(growth.first, growth.last, digits)} ({growth.per_hour:+.{digits}f}/h)"


def _change(before: float, after: float, digits: int = 0) -> str:
    return f"{_figure(before, digits)} → {_figure(after, digits)}"


def _figure(value: float, digits: int = 0) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"
