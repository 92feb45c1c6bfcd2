"""`scripts/bench`: one sub-command for each benchmark. Exit codes: 0 all bars kept, 1 a bar missed, 2 not measured."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import playwright.async_api
import typer
from rich.console import Console
from rich.table import Table

from scripts.benchmarks import bitrate as bitrate_benchmark
from scripts.benchmarks import fanout as fanout_benchmark
from scripts.benchmarks import fanout_whep as fanout_whep_benchmark
from scripts.benchmarks import holds as holds_benchmark
from scripts.benchmarks import ingest as ingest_benchmark
from scripts.benchmarks import latency as latency_benchmark
from scripts.benchmarks import namespaces
from scripts.benchmarks import uplink as uplink_benchmark
from scripts.benchmarks.chromium import ChromiumMissing, TooLate, browsers
from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.load_run import LoadFailed
from scripts.benchmarks.local_server import LocalServer, ServerFailed
from scripts.benchmarks.yardstick import NoCompiler
from server.lan import self_signed

cli = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
notes = Console(stderr=True, highlight=False)

Report = TypeVar("Report")

Url = Annotated[str | None, typer.Option(metavar="URL", help="A server that runs already. [default: one of its own, on loopback]")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output instead of a table.")]


def main() -> None:
    # The processes that a benchmark starts must end with it, also when it is ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli(prog_name="bench")


@cli.callback()
def _bench() -> None:
    """Measures microlive against its promises. Exit codes: 0 all bars kept, 1 a bar missed, 2 not measured."""


@cli.command()
def latency(
    url: Url = None,
    paths: Annotated[str, typer.Option(help="Players of the watch page, with commas between.")] = ",".join(latency_benchmark.PATHS),
    slots: Annotated[int, typer.Option(min=0, help="Turns that each way gets.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="Seconds measured in each turn.")] = 10,
    joins: Annotated[int, typer.Option(min=0, help="Viewers who come in, one after the other.")] = 20,
    as_json: Json = False,
) -> None:
    """Glass to glass on each path beside direct WebRTC, and time to first picture."""
    chosen = _players(paths)

    async def run() -> latency_benchmark.Report:
        async with _server(url) as base, browsers(2) as (creators, viewers):
            return await latency_benchmark.measure(base, creators, viewers, paths=chosen, slots=slots, seconds=seconds, joins=joins, progress=_progress)

    report = _measured(run(), 60 + (1 + len(chosen)) * (slots * (seconds + 40) + joins * 10))
    if not as_json:
        _latency_table(report)
    _conclude(report.bars, report.as_json() if as_json else None)


@cli.command()
def holds(
    url: Url = None,
    paths: Annotated[str, typer.Option(help="Players of the watch page, with commas between.")] = ",".join(holds_benchmark.HELD),
    count: Annotated[int, typer.Option(min=1, max=100, help="Holds for each player.")] = 3,
    every: Annotated[float, typer.Option(min=5, max=60, help="Seconds from hold to hold.")] = 20,
    hold: Annotated[float, typer.Option(min=0.05, max=5, help="Seconds that one lasts.")] = 0.4,
    as_json: Json = False,
) -> None:
    """A viewer's network that stands still now and then: how long until the delay is what it was."""
    chosen = _players(paths)

    async def run() -> list[holds_benchmark.Run]:
        async with _server(url) as base, browsers(2) as (creators, viewers):
            return await holds_benchmark.measure(base, creators, viewers, paths=chosen, holds=count, every=every, hold=hold, progress=_progress)

    runs = _measured(run(), 60 + len(chosen) * (60 + count * (every + hold + 2)))
    if not as_json:
        table = Table(
            "ms",
            "p50",
            "p95",
            "least",
            "most",
            "measured",
            "back after",
            title=f"Glass to glass, the network held for {hold * 1000:.0f} ms every {every:.0f} s",
        )
        for run_ in runs:
            title = latency_benchmark.PATHS[run_.path].title
            table.add_row(f"{title}, free road", *_cells(run_.free))
            table.add_row(f"{title}, held road", *_cells(run_.held), ", ".join(f"{ms:.0f}" for ms in run_.back))
        console.print(table)
    _conclude([bar for run_ in runs for bar in run_.bars], {"unit": "ms", "runs": [run_.as_json() for run_ in runs]} if as_json else None)


@cli.command()
def bitrate(
    url: Url = None,
    seconds: Annotated[int, typer.Option(min=4, help="Seconds to look on.")] = 10,
    as_json: Json = False,
) -> None:
    """What a creator's browser aims at and sends on a clean path, filming noise."""

    async def run() -> bitrate_benchmark.Report:
        async with _server(url) as base, browsers(1) as (creators,):
            return await bitrate_benchmark.measure(base, creators, seconds=seconds)

    report = _measured(run(), 90 + 2 * seconds)
    if not as_json:
        table = Table("s", "target Mbps", "sent Mbps", "fps", "picture", "limited by", title="A creator's first seconds")
        for second in report.seconds:
            table.add_row(f"{second.at:.1f}", f"{second.target:.2f}", f"{second.sent:.2f}", f"{second.fps:.0f}", second.size, second.limited)
        console.print(table)
    _conclude(report.bars, report.as_json() if as_json else None)


@cli.command()
def fanout(
    viewers: Annotated[
        str | None, typer.Option(help="Sizes of the audience, with commas between. [default: 500,1000,2000,3000; for whep 100,250,500]", show_default=False)
    ] = None,
    seconds: Annotated[float, typer.Option(min=2, max=120, help="Seconds measured for each size.")] = 15,
    tls: Annotated[bool, typer.Option(help="Measure the smallest size over TLS too.")] = True,
    path: Annotated[str, typer.Option(help="ws: the WebSocket, beside a bare C loop. whep: WebRTC, beside a bare loop of SRTP protect and sendto.")] = "ws",
    as_json: Json = False,
) -> None:
    """Viewers of 1 Mbps with sound: delay, CPU and memory, beside a bare loop that sends the same bytes."""
    if path not in ("ws", "whep"):
        _give_up(f"--path {path!r}: ws or whep")
    if viewers is None:
        viewers = "500,1000,2000,3000" if path == "ws" else "100,250,500"
    try:
        sizes = [int(size) for size in viewers.split(",")]
        if not all(1 <= size <= 9_000 for size in sizes):
            raise ValueError
    except ValueError:
        _give_up(f"--viewers {viewers!r}: write it as 500,1000, each at most 9000")

    if path == "whep":
        return _fanout_whep(sizes, seconds, as_json)

    async def run() -> fanout_benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            certificate = self_signed(Path(folder), ["127.0.0.1"]) if tls else None
            return await fanout_benchmark.measure(Path(folder), sizes, seconds, _two_cores(), tls=certificate, progress=_progress)

    report = _measured(run(), (len(sizes) + 2) * (3 * seconds + 240))
    if not as_json:
        console.print(_fanout_table(report))
        _tell_invalid([(f"{crowd.viewers} viewers", crowd.outcome) for crowd in report.crowds])
    _conclude(report.bars, report.as_json() if as_json else None)


@cli.command()
def ingest(
    creators: Annotated[int, typer.Option(min=2, max=200, help="How many publish at the same time.")] = 20,
    seconds: Annotated[float, typer.Option(min=2, max=120, help="Seconds measured for each bitrate.")] = 15,
    as_json: Json = False,
) -> None:
    """Creators at 1 and 2.5 Mbps: CPU and memory for each, beside bare `recvfrom` and SRTP of the same packets."""

    async def run() -> ingest_benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await ingest_benchmark.measure(Path(folder), creators, seconds, _two_cores(), progress=_progress)

    report = _measured(run(), 2 * (2 * seconds + 240))
    if not as_json:
        console.print(_ingest_table(report))
        _tell_invalid([(f"{run.kbps:.0f} kbps", run.outcome) for run in report.runs])
    _conclude(report.bars, report.as_json() if as_json else None)


def _players(paths: str) -> list[str]:
    chosen = paths.split(",")
    if unknown := [path for path in chosen if path not in latency_benchmark.PATHS]:
        _give_up(f"--paths: there is no player {unknown[0]!r}; there are {', '.join(latency_benchmark.PATHS)}")
    return chosen


@cli.command()
def uplink(
    loss: Annotated[str, typer.Option(help="Shares of packets lost each way, in percent with commas between; nothing for none.")] = "2,5,10",
    seconds: Annotated[float, typer.Option(min=3, max=120, help="Seconds of each loss.")] = 60,
    outage: Annotated[bool, typer.Option(help="Let nothing through for a second.")] = True,
    bandwidth: Annotated[bool, typer.Option(help="Make the link narrow for a while, beside direct WebRTC.")] = True,
    stock: Annotated[bool, typer.Option(help="Beside aiortc's own receiver.")] = True,
    as_json: Json = False,
) -> None:
    """Loss, failure and a narrow link between studio and server, in network namespaces (root, or a kernel that gives them to users)."""
    try:
        shares = [float(share) / 100 for share in loss.split(",") if share]
        if not all(0 <= share <= 0.5 for share in shares):
            raise ValueError
    except ValueError:
        _give_up(f"--loss {loss!r}: write it as 2,5,10, each at most 50")
    try:
        namespaces.enter()
    except namespaces.NamespacesMissing as error:
        _give_up(str(error))

    async def run() -> uplink_benchmark.Report:
        options = {"outage": outage, "bandwidth": bandwidth, "stock": stock}
        return await uplink_benchmark.measure(shares=shares, seconds=seconds, **options, progress=_progress)

    report = _measured(run(), 300 + len(shares) * (seconds + 60))
    if not as_json:
        _uplink_tables(report)
    _conclude(report.bars, report.as_json() if as_json else None)


def _uplink_tables(report: uplink_benchmark.Report) -> None:
    if report.losses:
        columns = ("lost", "source's gap", "freeze: relay", "viewer's page", "stock aiortc", "A/V apart", "beeps", "errors")
        table = Table(*columns, title="Packets lost each way, ms")
        for loss in report.losses:
            figures = (f"{value:.0f}" for value in (loss.source_gap, loss.relay, loss.page, loss.stock, loss.skew))
            table.add_row(f"{loss.share:.0%}", *figures, str(loss.beeps), str(len(loss.errors)))
        console.print(table)
    if report.outage:
        table = Table("again in the relay", "on the viewer's page", "A/V apart", "errors", title="Nothing got through for 1 s, ms")
        table.add_row(*(f"{value:.0f}" for value in (report.outage.relay, report.outage.page, report.outage.skew)), str(len(report.outage.errors)))
        console.print(table)
    for error in report.errors[:10]:
        console.print(error, style="red", markup=False)
    if report.bandwidths:
        table = Table("way", "Mbps before", "s down", "Mbps while narrow", "s up", "delay ms", "freeze ms", title="1 Mbps, then free")
        for each in report.bandwidths:
            fast, slow = (f"{value:.2f}" for value in (each.spent, each.narrow))
            table.add_row(each.way, fast, f"{each.down:.1f}", slow, f"{each.up:.1f}", f"{each.delay:.0f}", f"{each.freeze:.0f}")
        console.print(table)


def _two_cores() -> tuple[int, int]:
    """One for the server, one for the generator."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        _give_up("server and generator need a core each; this machine has one")
    return cores[0], cores[1]


def _fanout_whep(sizes: list[int], seconds: float, as_json: bool) -> None:
    async def run() -> fanout_whep_benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await fanout_whep_benchmark.measure(Path(folder), sizes, seconds, _two_cores(), progress=_progress)

    report = _measured(run(), sum(size / 25 + seconds + 120 for size in sizes))
    if not as_json:
        table = Table(
            "viewers", "CPU %", "bare loop: CPU %", "ratio", "viewers a core", "kbps each", "pictures/s", "missing", "generator", title="Fan-out over WebRTC"
        )
        for crowd in report.crowds:
            figures = (f"{crowd.cpu:.1f}", f"{crowd.bare_cpu:.1f}", f"{crowd.ratio:.2f}", str(crowd.per_core), f"{crowd.kbps:.0f}", f"{crowd.pictures:.1f}")
            table.add_row(str(crowd.viewers), *figures, str(crowd.gaps), f"{crowd.generator:.2f}")
        console.print(table)
        _tell_invalid([(f"{crowd.viewers} viewers", crowd.outcome) for crowd in report.crowds])
    _conclude(report.bars, report.as_json() if as_json else None)


def _fanout_table(report: fanout_benchmark.Report) -> Table:
    table = Table(
        "viewers",
        "p50 ms",
        "p99 ms",
        "CPU %",
        "C loop: CPU %",
        "p99 ms",
        "ratio",
        "viewers a core",
        "KB each",
        "dropped",
        title="Fan-out: 1 Mbps, 30 fps, sound",
    )
    for crowd in report.crowds:
        table.add_row(
            f"{crowd.viewers} {crowd.variant}",
            *(f"{value:.1f}" for value in (crowd.p50, crowd.p99, crowd.cpu, crowd.loop_cpu, crowd.loop_p99)),
            *(f"{crowd.ratio:.2f}", str(crowd.per_core), f"{crowd.memory:.0f}", str(int(crowd.gaps + crowd.disconnects))),
        )
    return table


def _ingest_table(report: ingest_benchmark.Report) -> Table:
    table = Table(
        "creators", "kbps each", "CPU % each", "recvfrom + SRTP %", "ratio", "creators a core", "MB a room", "of that window", title="Ingest: WHIP, sound on"
    )
    for run in report.runs:
        table.add_row(
            *(str(run.creators), f"{run.kbps:.0f}", f"{run.cpu:.2f}", f"{run.bare_cpu:.2f}", f"{run.ratio:.1f}"),
            *(str(run.per_core), f"{run.memory:.1f}", f"{run.window:.1f}"),
        )
    return table


def _tell_invalid(outcomes: list[tuple[str, str]]) -> None:
    for what, outcome in outcomes:
        if outcome == "invalid":
            console.print(f"INVALID: {what}: the generator was the limit, or the machine was busy with something else", style="bold white on red")


@asynccontextmanager
async def _server(url: str | None) -> AsyncIterator[str]:
    if url is not None:
        yield url.rstrip("/")
        return
    with tempfile.TemporaryDirectory(prefix="microlive-bench-") as data:
        async with LocalServer(Path(data)) as server:
            yield server.url


def _measured(benchmark: Coroutine[Any, Any, Report], within: float) -> Report:
    async def bounded() -> Report:
        async with asyncio.timeout(within):
            return await benchmark

    try:
        return asyncio.run(bounded())
    except (ChromiumMissing, LoadFailed, namespaces.NamespacesMissing, NoCompiler, ServerFailed, TooLate, latency_benchmark.BrokenWay) as error:
        _give_up(str(error))
    except playwright.async_api.Error as error:
        _give_up(error.message)
    except TimeoutError:
        _give_up(f"not done after {within:.0f} s")
    except KeyboardInterrupt:
        _give_up("interrupted")


def _give_up(why: str) -> NoReturn:
    notes.print(f"bench: {why}", markup=False)
    raise typer.Exit(2)


def _progress(what: str) -> None:
    notes.print(what, style="dim", markup=False)


def _latency_table(report: latency_benchmark.Report) -> None:
    titles = {way: f"watch page, {path.title}" for way, path in latency_benchmark.PATHS.items()} | {latency_benchmark.DIRECT: "direct WebRTC"}
    table = Table("ms", "p50", "p95", "least", "most", "measured", "ratio of the medians", title="Glass to glass, sound on")
    for way in report.ways:
        table.add_row(titles[way], *_cells(report.of(way)), "" if way == latency_benchmark.DIRECT else f"{report.ratio(way):.2f}")
    if report.slots:
        console.print(table)
        slots = Table("slot", "way", "p50", "p95", "least", "most", "frames", "stalls", "seeks", "aimed at", title="Slot by slot")
        for number, slot in enumerate(report.slots):
            told = [str(round(slot.player[name])) if name in slot.player else "" for name in ("stalls", "seeks", "target")]
            slots.add_row(str(number // len(report.ways) + 1), slot.way, *_cells(Figures.of(slot.ages)), *told)
        console.print(slots)
    if report.empty:
        joins = Table("ms", "p50", "p95", "least", "most", "visits", title="From navigation to the first picture")
        joins.add_row("an empty page, to its first animation frame", *_cells(Figures.of(report.empty)))
        for way, times in report.joins.items():
            joins.add_row(titles[way], *_cells(Figures.of(times)))
        console.print(joins)


def _cells(figures: Figures) -> list[str]:
    return [*(f"{value:.0f}" for value in (figures.p50, figures.p95, figures.least, figures.most)), str(figures.count)]


def _conclude(bars: Sequence[Bar], report: dict[str, Any] | None) -> None:
    if report is not None:
        print(json.dumps(report, indent=2))
    else:
        for bar in bars:
            sign = "≥" if bar.least else "≤"
            style, verdict = ("green", "kept") if bar.kept else ("red", "MISSED")
            digits = 0 if bar.unit == "ms" else 2
            console.print(f"{verdict}: {bar.name} {bar.value:.{digits}f} {bar.unit} ({sign} {bar.limit:.{digits}f})", style=style)
    if not all(bar.kept for bar in bars):
        raise typer.Exit(1)
