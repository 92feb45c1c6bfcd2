"""`scripts/bench peers`."""

import os
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from scripts.benchmarks import namespaces
from scripts.benchmarks.commands.output import conclude, console, give_up, notes, progress
from scripts.benchmarks.commands.running import Json, measured, two_cores
from scripts.benchmarks.peers import measure as benchmark
from scripts.benchmarks.peers.comparison import Comparison, Subject
from scripts.benchmarks.peers.document import NoHeading, with_last_run
from scripts.benchmarks.peers.generator import GeneratorMissing, compile_generator
from scripts.benchmarks.peers.kinds import CASES, KINDS
from scripts.benchmarks.peers.plan import ROUNDS, SECONDS, Plan
from scripts.benchmarks.peers.process import Entry
from scripts.benchmarks.peers.rounds import Measured
from scripts.benchmarks.peers.servers import MICROLIVE, PEERS
from scripts.benchmarks.peers.versions import version_of
from scripts.loadgen.machine import this_machine

Program = Annotated[Path | None, typer.Option(metavar="PROGRAM", help="The program of this peer.")]


def peers(
    mediamtx: Program = None,
    livekit: Program = None,
    srs: Program = None,
    broadcast_box: Program = None,
    microlive: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PROGRAM",
            help=(
                "A `microlive` to compare; may be repeated, for example for a compiled and a pure "
                "one. Without it: the one of this checkout."
            ),
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds.")] = ROUNDS,
    seconds: Annotated[
        float, typer.Option(min=2, max=120, help="Seconds measured in each run.")
    ] = SECONDS,
    creators: Annotated[int, typer.Option(min=1, max=300, help="Number of creators.")] = 60,
    viewers: Annotated[int, typer.Option(min=1, max=500, help="Number of viewers.")] = 150,
    only: Annotated[
        str, typer.Option(metavar="CASE[,CASE]", help="Cases to measure: creators, viewers, loss.")
    ] = ",".join(CASES),
    machine: Annotated[
        str, typer.Option(metavar="TEXT", help="The machine in words. Without it: its processor.")
    ] = "",
    disturbed: Annotated[
        bool,
        typer.Option(
            "--disturbed", help="Accept runs in which other programs use the generator's core."
        ),
    ] = False,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the result into this document, COMPARED.md."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measures microlive beside other servers that you have built. All get the same load, in
    interleaved rounds. scripts/README.md says how to build each peer. Needs Go, and network
    namespaces as `uplink` does. Exit codes: 0 all targets met; 1 one missed; 2 not measured.
    """
    programs = {"mediamtx": mediamtx, "livekit": livekit, "srs": srs}
    chosen = {**programs, "broadcast-box": broadcast_box}
    plan = Plan(
        creators,
        viewers,
        seconds=seconds,
        rounds=rounds,
        disturbed=disturbed,
        cases=_cases(only),
    )
    ours = [_resolved("microlive", path) for path in microlive or [_own_program()]]
    theirs = {key: _resolved(key, path) for key, path in chosen.items() if path is not None}
    if not theirs:
        give_up("name a peer, such as --mediamtx PROGRAM; scripts/README.md says how to build them")
    _prepare(write)
    entries = _entries(ours, theirs)

    async def run() -> Measured:
        with tempfile.TemporaryDirectory(prefix="microlive-bench-") as folder:
            return await benchmark.measure(
                Path(folder), list(entries.values()), plan, two_cores(), progress
            )

    once = sum(benchmark.seconds_of(plan, case) for case in plan.cases)
    progress(f"about {once * len(entries) * rounds / 60:.0f} min")
    found = measured(run(), 5 * rounds * len(entries) * once + 600)
    subjects = tuple(
        Subject(entry.title, key.partition(" ")[0], entry.version) for key, entry in entries.items()
    )
    today = f"{date.today():%d %B %Y}".lstrip("0")
    words = machine or f"{this_machine().cores} cores, {this_machine().cpu}"
    _show(Comparison(subjects, plan, found, words, today), write, as_json)


def _own_program() -> Path:
    return Path(sys.prefix) / "bin" / "microlive"


def _cases(only: str) -> tuple[str, ...]:
    chosen = tuple(only.split(","))
    if unknown := [case for case in chosen if case not in CASES]:
        give_up(f"--only: there is no case {unknown[0]!r}; there are {', '.join(CASES)}")
    return tuple(case for case in CASES if case in chosen)


def _resolved(option: str, path: Path) -> Path:
    """Returns the absolute path of a program. Raises Exit with code 2 if it cannot be run."""
    if not path.is_file() or not os.access(path, os.X_OK):
        give_up(
            f"--{option} {path}: there is no such program; build it first, as scripts/README.md "
            "says, and name the built file"
        )
    # A program of a Python environment may be a link that must not be followed.
    return path.absolute()


def _prepare(write: Path | None) -> None:
    """Compiles the generator and enters the network namespace. Raises Exit with code 2."""
    if write is not None and not write.is_file():
        give_up(f"--write {write}: there is no such file")
    try:
        compile_generator()
        namespaces.enter()
        namespaces.bring_up_local()
    except (GeneratorMissing, namespaces.NamespacesMissing) as error:
        give_up(str(error))


def _entries(ours: list[Path], theirs: dict[str, Path]) -> dict[str, Entry]:
    """Returns the servers by a unique key, whose first word is `microlive` or the peer's key."""
    entries: dict[str, Entry] = {}
    for number, program in enumerate(ours, 1):
        version = version_of(MICROLIVE, program)
        kind = next((kind for kind in ("compiled", "pure") if kind in version), "")
        title = f"{MICROLIVE.title}, {kind}" if kind else MICROLIVE.title
        if title in {entry.title for entry in entries.values()}:
            title = f"{title} {number}"
        entries[f"microlive {number}"] = Entry(title, MICROLIVE, program, version)
    for key, program in theirs.items():
        server = PEERS[key]
        entries[key] = Entry(server.title, server, program, version_of(server, program))
    return entries


def _show(comparison: Comparison, write: Path | None, as_json: bool) -> None:
    if not as_json:
        console.print(_table(comparison))
    if write is not None:
        try:
            write.write_text(with_last_run(write.read_text(encoding="utf-8"), comparison))
        except NoHeading as error:
            give_up(f"--write {write}: {error}")
    for reason in comparison.measured.invalid:
        notes.print(f"INVALID: {reason}", style="bold white on red", markup=False)
    if comparison.missing:
        give_up(f"without a valid run: {'; '.join(comparison.missing)}")
    conclude(comparison.bars, comparison.as_json() if as_json else None)


def _table(comparison: Comparison) -> Table:
    titles = [subject.title for subject in comparison.subjects]
    table = Table("", *titles, title=f"Peers: median of {comparison.plan.rounds} rounds (range)")
    for name in comparison.kinds:
        kind = KINDS[name]
        title = f"{kind.title}{f', {kind.unit}' if kind.unit else ''}"
        table.add_row(title, *(comparison.cell(each, name) for each in titles))
    return table
