"""`scripts/bench beside`."""

import json
import math
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import beside as benchmark
from scripts.benchmarks.checkout import CheckoutFailed, worktree
from scripts.benchmarks.chromium import browsers
from scripts.benchmarks.commands.output import console, give_up, progress
from scripts.benchmarks.commands.running import Json, measured, players, two_cores
from scripts.benchmarks.fanout import RAMP
from scripts.benchmarks.fanout_whep import RAMP as WHEP_RAMP
from scripts.benchmarks.ingest import BITRATES
from scripts.benchmarks.paired import KINDS, Comparison, Scale, Verdict, interval
from scripts.benchmarks.paths import PATHS

SLOT_SECONDS = 30.0
"""Maximum time that a player's turn may take in addition to the measured time, seconds."""

cli = typer.Typer(no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `beside`. On the command line, these options come before the sub-command."""

    revision: str
    pairs: int
    bars: dict[str, float]
    as_json: bool


@cli.callback()
def beside(
    context: typer.Context,
    revision: Annotated[str, typer.Argument(metavar="REV", help="A commit, tag or branch.")],
    pairs: Annotated[int, typer.Option(min=9, max=99, help="Pairs of runs of each case.")] = 9,
    bar: Annotated[
        list[str] | None,
        typer.Option(
            help=(
                "Another bar, such as cpu=1.05; may be repeated. cpu, p99: times as much; "
                "glass: ms more. Without it: "
                + ", ".join(f"{name}={kind.bar:g}" for name, kind in KINDS.items() if kind.bar)
                + "."
            )
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compares this checkout with the revision REV, which is installed in a temporary worktree.

    Each pair of runs measures both revisions one after the other, in alternating order. The table
    shows the median change over all pairs, with an exact 95 % confidence interval. Exit codes: 0
    all bars met; 1 a whole interval is above its bar; 2 not measured. Options go before REV.
    """
    context.obj = Options(revision, pairs, _bars(bar or []), as_json)


@cli.command()
def fanout(
    context: typer.Context,
    viewers: Annotated[
        str, typer.Option(help="Sizes of the audience, with commas between.")
    ] = "500,2000,3000",
    seconds: Annotated[float, typer.Option(min=3, max=120, help="Seconds of each run.")] = 5,
    path: Annotated[str, typer.Option(help="ws: the WebSocket; whep: WebRTC.")] = "ws",
) -> None:
    """Measures the CPU of the server and the delay of the viewers for each audience size."""
    if path not in ("ws", "whep"):
        give_up(f"--path {path!r}: ws or whep")
    sizes = [_whole(size, "--viewers", 9_000) for size in viewers.split(",")]
    ramp = RAMP if path == "ws" else WHEP_RAMP

    async def prepare(_: AsyncExitStack) -> benchmark.Cases:
        return benchmark.fanout_cases(sizes, seconds, path)

    _compare(context.obj, prepare, [seconds + size / ramp for size in sizes])


@cli.command()
def ingest(
    context: typer.Context,
    creators: Annotated[int, typer.Option(min=2, max=200, help="How many publish at once.")] = 20,
    seconds: Annotated[float, typer.Option(min=3, max=120, help="Seconds of each run.")] = 6,
) -> None:
    """Measures the CPU of the server per creator, at 1 and 2.5 Mbps."""

    async def prepare(_: AsyncExitStack) -> benchmark.Cases:
        return benchmark.ingest_cases(creators, seconds, BITRATES)

    _compare(context.obj, prepare, [seconds for _ in BITRATES])


@cli.command()
def latency(
    context: typer.Context,
    paths: Annotated[
        str, typer.Option(help="Players of the watch page, with commas between.")
    ] = ",".join(PATHS),
    seconds: Annotated[float, typer.Option(min=2, max=120, help="Seconds of each run.")] = 8,
) -> None:
    """Measures the glass-to-glass latency of each player."""
    chosen = players(paths)

    async def prepare(stack: AsyncExitStack) -> benchmark.Cases:
        creators, viewers = await stack.enter_async_context(browsers(2))
        return benchmark.latency_cases(creators, viewers, chosen, seconds)

    _compare(context.obj, prepare, [seconds + SLOT_SECONDS for _ in chosen])


def _compare(
    options: Options,
    prepare: Callable[[AsyncExitStack], Awaitable[benchmark.Cases]],
    seconds_each: list[float],
) -> None:
    """Measures the cases and prints the report. Raises Exit with code 1 if a bar is missed, or with
    code 2 if valid pairs are missing.
    """
    cores = two_cores()
    progress(f"installing {options.revision}")
    try:
        with worktree(options.revision) as before:
            report = measured(
                benchmark.measure(
                    before,
                    prepare,
                    pairs=options.pairs,
                    bars=options.bars,
                    cores=cores,
                    progress=progress,
                ),
                benchmark.within(seconds_each, options.pairs),
            )
    except CheckoutFailed as error:
        give_up(str(error))
    if options.as_json:
        print(json.dumps(report.as_json(), indent=2))
    else:
        console.print(_table(report))
    if report.missing:
        give_up(f"too few valid pairs: {'; '.join(report.missing)}")
    if any(each.verdict is Verdict.MISSED for each in report.comparisons):
        raise typer.Exit(1)


def _table(report: benchmark.Report) -> Table:
    names = ("case", "figure", "median A", "median B", "change", "95 % interval", "bar", "verdict")
    table = Table(*names, title=f"A: {report.before}, B: {report.after}")
    for each in report.comparisons:
        table.add_row(*_row(each))
    return table


def _row(each: Comparison) -> list[str]:
    kind, (low, high) = KINDS[each.kind], interval(each.changes)

    def change(value: float) -> str:
        return f"{value:.3f}" if kind.scale is Scale.RATIO else f"{value:+.1f}"

    return [
        each.case,
        f"{kind.title}, {kind.unit}".rstrip(", "),
        f"{median(each.before):.2f}",
        f"{median(each.after):.2f}",
        f"{change(median(each.changes))} {'×' if kind.scale is Scale.RATIO else kind.unit}",
        f"{change(low)} … {change(high)}",
        "" if each.bar is None else f"≤ {change(each.bar)}",
        each.verdict.value,
    ]


def _bars(texts: list[str]) -> dict[str, float]:
    bars = {}
    for text in texts:
        name, _, limit = text.partition("=")
        try:
            bars[name] = float(limit)
        except ValueError:
            give_up(f"--bar {text!r}: write it as cpu=1.05")
        if name not in KINDS or not math.isfinite(bars[name]):
            give_up(f"--bar {text!r}: there are {', '.join(KINDS)}")
    return bars


def _whole(text: str, option: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        give_up(f"{option} {text!r}: write it as 500,1000, each at most {most}")
    return int(text)
