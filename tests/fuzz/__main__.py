"""`scripts/fuzz`: runs each target in a process.

Inputs that it finds stay in .fuzz/, where the next run starts.
"""

import asyncio
import hashlib
import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import typer

from tests.fuzz.attacks import ATTACKS
from tests.fuzz.corpus import kept
from tests.fuzz.datagrams import attack
from tests.fuzz.seeds import SEEDS

ROOT = Path(__file__).parents[2]
TARGETS = "tests.fuzz.targets"
MAX_INPUT = 8_192
"""Bytes: longer than any datagram, as long as a long offer."""
SLOW = 5
"""Seconds that one input may take under instrumentation; more is a defect."""
MEMORY = 1_024
"""MB that a process may use. Python with FFmpeg's libraries starts at about 150."""

MAY_GROW = 8_000_000
"""Bytes by which a server's memory may grow during an attack."""
_COSTS = re.compile(r"^meter: ([\d.]+) ms, ([\d.]+) MB$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one target's run."""

    target: str
    runs: int
    code: int
    text: str
    """What the process wrote."""
    slowest: float
    """Milliseconds of CPU time, without instrumentation, of the slowest input that was measured."""
    largest: float
    """Memory of the input that allocated most, MB."""

    @property
    def clean(self) -> bool:
        return self.code == 0 and self.runs > 0


class Fuzzer:
    """A process that runs targets one after another, inside `with`."""

    def __init__(self, folder: Path, module: str = TARGETS) -> None:
        """Keeps inputs in `folder`, where earlier runs may have left theirs. `module` has the
        targets.
        """
        self._folder = folder
        # A fuzzer uses a whole core, and tests beside it depend on time.
        command = ["nice", sys.executable, "-m", "tests.fuzz.child", module]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.__exit__(None, None, None)

    def run(self, target: str, inputs: Iterable[bytes], seconds: int, seed: int = 0) -> Outcome:
        """Runs a target for that long, from `inputs` on. With `seed` 0 each run differs."""
        corpus, log = self._folder / target, self._folder / f"{target}.log"
        corpus.mkdir(parents=True, exist_ok=True)
        for data in inputs:
            (corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)
        options = [
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            f"-max_len={MAX_INPUT}",
            f"-timeout={SLOW}",
            f"-rss_limit_mb={MEMORY}",
            f"-artifact_prefix={self._folder}/{target}-",
            "-print_final_stats=1",
            str(corpus),
        ]
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(shlex.join([target, str(log), *options]) + "\n")
        self._process.stdin.flush()
        status = self._process.stdout.readline()
        text = log.read_text(errors="replace") if log.exists() else ""
        runs = re.search(r"number_of_executed_units:\s*(\d+)", text)
        costs = [(float(slow), float(large)) for slow, large in _COSTS.findall(text)] or [(0, 0)]
        slowest, largest = map(max, zip(*costs, strict=True))
        return Outcome(
            target, int(runs[1]) if runs else 0, int(status or 1), text, slowest, largest
        )


def inputs(target: str) -> list[bytes]:
    """Returns the inputs from which a run of a target starts."""
    attacks = [made() for name, made in ATTACKS if name == target]
    return [*SEEDS[target](), *kept(target), *(data for data in attacks if len(data) <= MAX_INPUT)]


def run(targets: Sequence[str], folder: Path, seconds: float, seed: int) -> bool:
    """Runs each target for its share of `seconds`, and prints a table. Returns whether no defect
    was found.
    """
    print(f"{'target':20}{'inputs':>12}{'kept':>8}{'slowest':>12}{'most memory':>14}  result")
    found: list[Outcome] = []
    with Fuzzer(folder) as fuzzer:
        for target in targets:
            share = max(2, round(seconds / len(targets)))
            outcome = fuzzer.run(target, inputs(target), share, seed)
            print(
                f"{target:20}{outcome.runs:>12,}{len(list((folder / target).iterdir())):>8,}"
                f"{outcome.slowest:>9.2f} ms{outcome.largest:>11.2f} MB"
                f"  {'clean' if outcome.clean else 'DEFECT'}",
                flush=True,
            )
            if not outcome.clean:
                found.append(outcome)
    for outcome in found:
        print(f"\n{outcome.target}:", *outcome.text.splitlines()[-40:], sep="\n")
    if found:
        print(f"\nThe inputs are {folder}/TARGET-*; --input FILE repeats one.")
    return not found


def main(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET]...", help=f"The targets to run, all by default: {', '.join(SEEDS)}"
        ),
    ] = None,
    minutes: Annotated[float, typer.Option(help="Length of the whole run.")] = 60,
    seed: Annotated[
        int,
        typer.Option(help="A fixed seed repeats a run as far as time allows; 0 differs each time."),
    ] = 0,
    input_file: Annotated[
        Path | None, typer.Option("--input", help="Give only this file to one TARGET.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="The folder of the inputs.")] = ROOT / ".fuzz",
    datagrams: Annotated[
        bool,
        typer.Option(
            "--datagrams",
            help="Random datagrams at a live, for --minutes, instead of the parsers.",
        ),
    ] = False,
) -> None:
    """Fuzzes every parser that reads from the network, and measures what the inputs cost."""
    seconds = minutes * 60
    if datagrams:
        result = asyncio.run(attack(seconds, seed))
        print(
            f"{result.sent:,} datagrams in {seconds:.0f} s: {result.frames:,} frames arrived, "
            f"the longest gap {result.longest * 1_000:.0f} ms, "
            f"epochs {sorted(result.epochs)}, memory {result.memory[-1] / 1e6:.0f} MB, "
            f"grown by {result.grown / 1e6:.1f} MB"
        )
        raise typer.Exit(0 if result.epochs == {1} and result.grown < MAY_GROW else 1)
    chosen = targets or list(SEEDS)
    if unknown := set(chosen) - set(SEEDS):
        raise typer.BadParameter(f"no such target: {', '.join(sorted(unknown))}")
    if input_file:
        command = [sys.executable, "-m", "tests.fuzz.meter", TARGETS, chosen[0], str(input_file)]
        raise typer.Exit(subprocess.run(command, cwd=ROOT).returncode)
    if importlib.util.find_spec("atheris") is None:
        print(
            (
                "fuzz: needs atheris, which has no package for this machine (x86-64 Linux, "
                "Python 3.11 to 3.13)"
            ),
            file=sys.stderr,
        )
        raise typer.Exit(2)
    raise typer.Exit(0 if run(chosen, folder, seconds, seed) else 1)


if __name__ == "__main__":
    typer.run(main)
