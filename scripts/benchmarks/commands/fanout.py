"""`scripts/bench fanout`."""

import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import fanout as benchmark
from scripts.benchmarks import fanout_events as events_benchmark
from scripts.benchmarks import fanout_standby as standby_benchmark
from scripts.benchmarks import fanout_whep as whep_benchmark
from scripts.benchmarks.commands.output import conclude, console, give_up, progress
from scripts.benchmarks.commands.running import Json, measured, two_cores
from server.host.lan import self_signed


def fanout(
    viewers: Annotated[
        str | None,
        typer.Option(
            help=(
                "Sizes of the audience, separated by commas. [default: 500,1000,2000,3000; "
                "for whep 100,250,500]"
            ),
            show_default=False,
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=2, max=120, help="Seconds measured for each size.")
    ] = 15,
    tls: Annotated[bool, typer.Option(help="Also measure the smallest size over TLS.")] = True,
    path: Annotated[
        str,
        typer.Option(
            help=(
                "ws: the WebSocket, beside a bare C loop. whep: WebRTC, beside a bare loop of "
                "SRTP protect and sendto."
            )
        ),
    ] = "ws",
    events: Annotated[
        int,
        typer.Option(
            min=0,
            max=1_000,
            help=(
                "Events a second, of 150 bytes each. Each pair of runs has one run without events. "
                "The default of --viewers becomes 2000."
            ),
        ),
    ] = 0,
    pairs: Annotated[
        int, typer.Option(min=1, max=50, help="Pairs of runs for --events, rounds for --standby.")
    ] = 5,
    standby: Annotated[
        bool,
        typer.Option(
            "--standby",
            help=(
                "Compare viewers on standby with viewers that play. The default of --viewers "
                "becomes 1000."
            ),
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Measures the delay of viewers, and the CPU and memory that the viewers cost the server. The
    creator sends 1 Mbps with audio. For comparison, a C loop sends the same bytes.
    """
    if path not in ("ws", "whep"):
        give_up(f"--path {path!r}: ws or whep")
    if viewers is None:
        several = "500,1000,2000,3000" if path == "ws" else "100,250,500"
        viewers = "1000" if standby else "2000" if events else several
    sizes = _sizes(viewers)
    if standby:
        return _fanout_standby(sizes, seconds, pairs, as_json)
    if path == "whep":
        return _fanout_whep(sizes, seconds, as_json)
    if events:
        return _fanout_events(sizes, events, seconds, pairs, as_json)
    return _fanout_ws(sizes, seconds, tls, as_json)


def _sizes(viewers: str) -> list[int]:
    try:
        sizes = [int(size) for size in viewers.split(",")]
        if not all(1 <= size <= 9_000 for size in sizes):
            raise ValueError
    except ValueError:
        give_up(f"--viewers {viewers!r}: write it as 500,1000, each at most 9000")
    return sizes


def _fanout_ws(sizes: list[int], seconds: float, tls: bool, as_json: bool) -> None:
    async def run() -> benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            certificate = self_signed(Path(folder), ["127.0.0.1"]) if tls else None
            return await benchmark.measure(
                Path(folder), sizes, seconds, two_cores(), tls=certificate, progress=progress
            )

    report = measured(run(), (len(sizes) + 2) * (3 * seconds + 240))
    if not as_json:
        console.print(_fanout_table(report))
    conclude(
        report.bars,
        report.as_json() if as_json else None,
        [(f"{crowd.viewers} viewers", crowd.outcome) for crowd in report.crowds],
    )


def _fanout_events(sizes: list[int], rate: int, seconds: float, pairs: int, as_json: bool) -> None:
    async def run() -> events_benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await events_benchmark.measure(
                Path(folder), sizes, rate, seconds, pairs, two_cores(), progress=progress
            )

    report = measured(run(), 4 * pairs * sum(size / 500 + seconds + 60 for size in sizes))
    if not as_json:
        table = Table(
            "viewers", "figure", "without", "with", "change", "bar", title=f"{rate} events/s"
        )
        for each in report.comparisons:
            before, after, change = (
                f"{median(values):.2f}" for values in (each.before, each.after, each.changes)
            )
            table.add_row(each.case, each.kind, before, after, change, f"{each.bar or ''}")
        console.print(table)
    conclude(report.bars, report.as_json() if as_json else None, [])


def _fanout_standby(sizes: list[int], seconds: float, rounds: int, as_json: bool) -> None:
    async def run() -> standby_benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await standby_benchmark.measure(
                Path(folder), sizes, seconds, rounds, two_cores(), progress=progress
            )

    report = measured(run(), 4 * rounds * sum(size / 500 + seconds + 60 for size in sizes))
    if not as_json:
        one = ("one viewer: CPU %", "one standby")
        names = ("viewers", *one, "playing", "standby", "share %", "KB", "kbps")
        table = Table(*names, title="Viewers on standby")
        for each in report.rounds:
            cpu = (f"{value:.1f}" for value in (each.alone, each.idle, each.playing, each.standby))
            rest = (f"{each.share:.1f}", f"{each.memory:.0f}", f"{each.kbps:.0f}")
            table.add_row(str(each.viewers), *cpu, *rest)
        console.print(table)
    conclude(
        report.bars,
        report.as_json() if as_json else None,
        [
            (f"{each.viewers} viewers", outcome)
            for each in report.rounds
            for outcome in each.outcomes
        ],
    )


def _fanout_whep(sizes: list[int], seconds: float, as_json: bool) -> None:
    async def run() -> whep_benchmark.Report:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await whep_benchmark.measure(
                Path(folder), sizes, seconds, two_cores(), progress=progress
            )

    report = measured(run(), sum(size / 25 + seconds + 120 for size in sizes))
    if not as_json:
        names = (
            "viewers",
            "p50 ms",
            "p99 ms",
            "CPU %",
            "bare loop: CPU %",
            "ratio",
            "viewers a core",
            "kbps each",
            "missing",
            "generator %",
        )
        table = Table(*names, title="Fan-out over WebRTC")
        for crowd in report.crowds:
            times = (f"{value:.1f}" for value in (crowd.p50, crowd.p99, crowd.cpu, crowd.bare_cpu))
            table.add_row(
                str(crowd.viewers),
                *times,
                f"{crowd.ratio:.2f}",
                str(crowd.per_core),
                f"{crowd.kbps:.0f}",
                str(int(crowd.gaps)),
                f"{crowd.generator:.0f}",
            )
        console.print(table)
    conclude(
        report.bars,
        report.as_json() if as_json else None,
        [(f"{crowd.viewers} viewers", crowd.outcome) for crowd in report.crowds],
    )


def _fanout_table(report: benchmark.Report) -> Table:
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
        title="Fan-out: 1 Mbps, 30 fps, audio",
    )
    for crowd in report.crowds:
        table.add_row(
            f"{crowd.viewers} {crowd.variant}",
            *(
                f"{value:.1f}"
                for value in (crowd.p50, crowd.p99, crowd.cpu, crowd.loop_cpu, crowd.loop_p99)
            ),
            *(
                f"{crowd.ratio:.2f}",
                str(crowd.per_core),
                f"{crowd.memory:.0f}",
                str(int(crowd.gaps + crowd.disconnects)),
            ),
        )
    return table
