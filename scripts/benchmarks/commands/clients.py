"""`scripts/bench clients`."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks.chromium import browsers
from scripts.benchmarks.clients.catalogue import CLIENTS
from scripts.benchmarks.clients.matrix import Matrix, Row
from scripts.benchmarks.clients.site import site
from scripts.benchmarks.commands.output import conclude, console, give_up, notes, progress
from scripts.benchmarks.commands.running import Json, measured
from scripts.benchmarks.local_server import LocalServer


def clients(
    only: Annotated[
        str, typer.Option(help="Clients, separated by `;`. [default: all]", show_default=False)
    ] = "",
    seconds: Annotated[
        float, typer.Option(min=1, max=300, help="Seconds measured of each client.")
    ] = 20,
    as_json: Json = False,
) -> None:
    """Measures players and publishers that this project did not write, each beside the watch page.
    Before that, each player opens a room that has been live for one second.
    """
    names = [client.name for client in CLIENTS]
    wanted = only.split(";") if only else names
    if unknown := [name for name in wanted if name not in names]:
        give_up(f"--only: there is no client {unknown[0]!r}; there are {'; '.join(names)}")
    chosen = [client for client in CLIENTS if client.name in wanted]

    async def run() -> list[Row]:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as data:
            async with (
                site() as page,
                LocalServer(
                    Path(data),
                    f"--cors-origins={page.rpartition('/')[0]}",
                    "--max-rooms-per-address-hour=600",
                ) as server,
                browsers(2) as both,
            ):
                matrix = Matrix(server.url, page, both, seconds)
                return await matrix.measure(chosen, progress)

    rows = measured(run(), 120 + len(chosen) * (150 + 3 * seconds))
    if not as_json:
        console.print(_table(rows))
    for row in rows:
        if row.error:
            notes.print(f"{row.client.name}: {row.error}", markup=False)
    conclude(
        [bar for row in rows for bar in row.bars],
        {"rows": [row.as_json() for row in rows]} if as_json else None,
        [(row.client.name, "invalid") for row in rows if not row.valid],
    )


def _table(rows: list[Row]) -> Table:
    table = Table(
        "client",
        "version",
        "opened, ms",
        "pictures",
        "stalls",
        "longest, ms",
        "delay p50, ms",
        "p95",
        "watch page p50",
        title="Clients beside the watch page",
    )
    for row in rows:
        cells = ["", "", "", "", "", ""]
        if row.shown:
            cells = [
                f"{row.share:.1%}",
                str(row.shown.stalls),
                f"{row.shown.longest:.0f}",
                f"{row.shown.delay.p50:.0f}",
                f"{row.shown.delay.p95:.0f}",
                f"{row.page.delay.p50:.0f}" if row.page else "",
            ]
        table.add_row(row.client.name, row.version, f"{row.opened:.0f}", *cells)
    return table
