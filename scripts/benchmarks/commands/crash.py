"""`scripts/bench crash`."""

import tempfile
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import crash as benchmark
from scripts.benchmarks import crash_recording
from scripts.benchmarks.chromium import browsers
from scripts.benchmarks.commands.output import conclude, console, give_up, progress
from scripts.benchmarks.commands.running import Json, measured
from scripts.benchmarks.figures import Figures
from scripts.benchmarks.postgres import PostgresMissing, postgres

DATABASES = ("sqlite", "postgresql")
EACH = 60.0
"""Maximum seconds for one kill, including the chat before the kill and the recovery after the kill.
"""


def crash(
    count: Annotated[int, typer.Option(min=1, max=1_000, help="Kills on each database.")] = 20,
    rate: Annotated[float, typer.Option(min=1, max=80, help="Messages a second.")] = 50,
    databases: Annotated[str, typer.Option(help="Databases, separated by commas.")] = ",".join(
        DATABASES
    ),
    pages: Annotated[
        bool, typer.Option(help="A creator and a viewer in Chromium, who must come back.")
    ] = True,
    recording: Annotated[
        bool, typer.Option("--recording", help="Kill while a live is recorded, without a chat.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Kills a server with SIGKILL during a chat, several times. After each restart, the history
    must contain every acknowledged message exactly once. With --recording: kills the server while
    it records a live and makes clips. The recording may lose its last segment at most, and no
    incomplete clip may be left.
    """
    chosen = databases.split(",")
    if unknown := [name for name in chosen if name not in DATABASES]:
        give_up(f"--databases: unknown: {unknown[0]!r}; there are {', '.join(DATABASES)}")
    if recording:
        _kill_while_recording(chosen, count, as_json=as_json)
        return

    async def run() -> list[benchmark.Run]:
        async with AsyncExitStack() as stack:
            opened = await stack.enter_async_context(browsers(2)) if pages else []
            plan = benchmark.Plan(count, rate, opened)
            runs = []
            for name in chosen:
                with ExitStack() as places:
                    folder = tempfile.TemporaryDirectory(prefix="microlive-bench-")
                    data = Path(places.enter_context(folder))
                    url = _postgresql(places) if name == "postgresql" else None
                    runs.append(await benchmark.measure(data, url, plan, progress=progress))
            return runs

    runs = measured(run(), 120 + EACH * count * len(chosen))
    if not as_json:
        console.print(_table(runs))
    conclude(
        [bar for run in runs for bar in run.bars],
        {"runs": [run.as_json() for run in runs]} if as_json else None,
    )


def _kill_while_recording(databases: list[str], count: int, *, as_json: bool) -> None:
    async def run() -> list[crash_recording.Run]:
        runs = []
        for name in databases:
            with ExitStack() as places:
                folder = tempfile.TemporaryDirectory(prefix="microlive-bench-")
                data = Path(places.enter_context(folder))
                url = _postgresql(places) if name == "postgresql" else None
                runs.append(await crash_recording.measure(data, url, count, progress=progress))
        return runs

    runs = measured(run(), 120 + EACH * count * len(databases))
    if not as_json:
        table = Table(
            *("database", "kills", "segments", "clips", "lost p50/most s", "faults", "state"),
            title="kill -9 during a recording",
        )
        for each in runs:
            losses = Figures.of(each.losses)
            table.add_row(
                *(each.database, str(each.kills), str(each.segments), str(each.clips)),
                *(f"{losses.p50:.1f}/{losses.most:.1f}", str(len(each.faults)), each.state),
            )
        console.print(table)
    conclude(
        [bar for each in runs for bar in each.bars],
        {"runs": [each.as_json() for each in runs]} if as_json else None,
    )


def _postgresql(places: ExitStack) -> str:
    """Starts PostgreSQL. Returns the URL of a database."""
    try:
        server = places.enter_context(postgres())
    except PostgresMissing as error:
        give_up(str(error))
    places.enter_context(server.running())
    return server.url()


def _table(runs: list[benchmark.Run]) -> Table:
    table = Table(
        *("database", "kills", "acknowledged", "without an answer", "lost", "twice", "changed"),
        *("answer p50/p95 ms", "start p50 ms", "back p50/most ms"),
        title="kill -9 during a chat",
    )
    for run in runs:
        starts, returns = Figures.of(run.starts), Figures.of(run.returns)
        table.add_row(
            *(run.database, str(run.kills), str(run.acknowledged), str(run.unanswered)),
            *(str(len(names)) for names in (run.lost, run.twice, run.changed)),
            f"{run.answer.p50:.0f}/{run.answer.p95:.0f}",
            f"{starts.p50:.0f}",
            f"{returns.p50:.0f}/{returns.most:.0f}",
        )
    return table
