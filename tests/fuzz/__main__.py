"""`scripts/fuzz`: runs each parser in a process.

Inputs that it finds stay in .fuzz/, where the next run starts.
"""

import asyncio
import hashlib
import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import typer

from tests.fuzz.datagrams import attack
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
MAX_INPUT = 8_192
"""Bytes: longer than any datagram, as long as a long offer."""
SLOW = 5
"""Seconds that one input may take; more is a defect."""
MEMORY = 1_024
"""MB that a process may use. Python with FFmpeg's libraries starts at about 150."""

MAY_GROW = 8_000_000
"""Bytes by which a server's memory may grow during an attack."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one parser's run."""

    target: str
    runs: int
    code: int
    text: str

    @property
    def clean(self) -> bool:
        return self.code == 0 and self.runs > 0


class Fuzzer:
    """A process that runs parsers one after another, inside `with`."""

    def __init__(self, folder: Path) -> None:
        """Keeps inputs in `folder`, where earlier runs may have left theirs."""
        self._folder = folder
        # A fuzzer uses a whole core, and tests beside it depend on time.
        command = ["nice", sys.executable, "-m", "tests.fuzz.child"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.__exit__(None, None, None)

    def run(self, target: str, seconds: int, seed: int = 0) -> Outcome:
        """Runs a target for that long. With `seed` 0 each run differs."""
        corpus, log = self._folder / target, self._folder / f"{target}.log"
        corpus.mkdir(parents=True, exist_ok=True)
        for data in SEEDS[target]():
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
        return Outcome(target, int(runs[1]) if runs else 0, int(status or 1), text)


def replay(target: str, path: Path) -> None:
    """Gives one input to a target in this process, which shows Python's own traceback."""
    TARGETS[target](path.read_bytes())


def run(targets: Sequence[str], folder: Path, seconds: int, seed: int) -> bool:
    clean = True
    with Fuzzer(folder) as fuzzer:
        for target in targets:
            outcome = fuzzer.run(target, max(2, seconds // len(targets)), seed)
            found = "clean" if outcome.clean else "DEFECT"
            print(f"{target:16} {outcome.runs:>10,} inputs  {found}", flush=True)
            if not outcome.clean:
                clean = False
                print("\n".join(outcome.text.splitlines()[-40:]))
    return clean


def main(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET]...", help=f"The parsers to run, all by default: {', '.join(TARGETS)}"
        ),
    ] = None,
    seconds: Annotated[int, typer.Option(help="Length of the whole run.")] = 3_600,
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
            help="Random datagrams at a live, for --seconds, instead of the parsers.",
        ),
    ] = False,
) -> None:
    """Fuzzes every parser that reads from the network."""
    if datagrams:
        result = asyncio.run(attack(seconds, seed))
        print(
            f"{result.sent:,} datagrams in {seconds} s: {result.frames:,} frames arrived, "
            f"the longest gap {result.longest * 1_000:.0f} ms, "
            f"epochs {sorted(result.epochs)}, memory {result.memory[-1] / 1e6:.0f} MB, "
            f"grown by {result.grown / 1e6:.1f} MB"
        )
        raise typer.Exit(0 if result.epochs == {1} and result.grown < MAY_GROW else 1)
    chosen = targets or list(TARGETS)
    if unknown := set(chosen) - set(TARGETS):
        raise typer.BadParameter(f"no such target: {', '.join(sorted(unknown))}")
    if input_file:
        replay(chosen[0], input_file)
        return
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
