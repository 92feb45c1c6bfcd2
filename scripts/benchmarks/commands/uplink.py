"""The command `scripts/bench uplink`."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import namespaces
from scripts.benchmarks import uplink as benchmark
from scripts.benchmarks.commands.output import conclude, console, give_up, progress
from scripts.benchmarks.commands.running import Json, measured
from scripts.benchmarks.narrow import Bandwidth


def uplink(
    loss: Annotated[
        str,
        typer.Option(
            help=("Packet loss in both directions, percentages separated by commas; empty: none.")
        ),
    ] = "2,5,10",
    seconds: Annotated[float, typer.Option(min=3, max=120, help="Seconds of each loss.")] = 60,
    outage: Annotated[bool, typer.Option(help="Also measure outages of one second.")] = True,
    turns: Annotated[
        int,
        typer.Option(
            min=0,
            max=25,
            help=(
                "Turns with a narrow link. Each turn measures direct WebRTC and microlive, in "
                "alternating order."
            ),
        ),
    ] = 9,
    stock: Annotated[bool, typer.Option(help="Also measure aiortc's own receiver.")] = True,
    as_json: Json = False,
) -> None:
    """Measures publishing over a bad network between studio and server: packet loss, outages and a
    narrow link. Uses network namespaces, so it needs root, or a kernel that lets users create
    namespaces.
    """
    try:
        shares = [float(share) / 100 for share in loss.split(",") if share]
        if not all(0 <= share <= 0.5 for share in shares):
            raise ValueError
    except ValueError:
        give_up(f"--loss {loss!r}: write it as 2,5,10, each at most 50")
    try:
        namespaces.enter()
    except namespaces.NamespacesMissing as error:
        give_up(str(error))

    async def run() -> benchmark.Report:
        return await benchmark.measure(
            shares=shares,
            seconds=seconds,
            outage=outage,
            turns=turns,
            stock=stock,
            progress=progress,
        )

    report = measured(run(), 200 + 300 * turns + len(shares) * (seconds + 60))
    if not as_json:
        _uplink_tables(report)
    conclude(report.bars, report.as_json() if as_json else None)


def _uplink_tables(report: benchmark.Report) -> None:
    if report.losses:
        console.print(_loss_table(report.losses))
    if report.outage:
        console.print(_outage_table(report.outage))
    for error in report.errors[:10]:
        console.print(error, style="red", markup=False)
    if report.bandwidths:
        console.print(_bandwidth_table(report.bandwidths))
    for name, ratio in report.ratios.items():
        console.print(f"{name}: {ratio}", markup=False)


def _loss_table(losses: Sequence[benchmark.Loss]) -> Table:
    table = Table(
        "lost",
        "source's gap",
        "freeze: relay",
        "viewer's page",
        "stock aiortc",
        "A/V apart",
        "beeps",
        "errors",
        title="Packet loss in both directions, ms",
    )
    for loss in losses:
        figures = (
            f"{value:.0f}"
            for value in (loss.source_gap, loss.relay, loss.page, loss.stock, loss.skew)
        )
        table.add_row(f"{loss.share:.0%}", *figures, str(loss.beeps), str(len(loss.errors)))
    return table


def _outage_table(outage: benchmark.Outage) -> Table:
    table = Table(
        "frames at the relay after",
        "frames on the page after",
        "A/V apart",
        "errors",
        title="Outages of 1 s, ms",
    )
    figures = (f"{value:.0f}" for value in (outage.relay, outage.page, outage.skew))
    table.add_row(*figures, str(len(outage.errors)))
    return table


def _bandwidth_table(bandwidths: Sequence[Bandwidth]) -> Table:
    table = Table(
        "variant",
        "Mbps before",
        "s down",
        "Mbps while narrow",
        "s up",
        "delay ms",
        "p95 while narrow",
        "freeze ms",
        title="1 Mbps, then free",
    )
    for each in bandwidths:
        table.add_row(
            each.variant,
            f"{each.spent:.2f}",
            f"{each.down:.1f}",
            f"{each.narrow:.2f}",
            f"{each.up:.1f}",
            f"{each.delay:.0f}",
            f"{each.narrow_delay:.0f}",
            f"{each.freeze:.0f}",
        )
    return table
