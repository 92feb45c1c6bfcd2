"""`scripts/fuzz`: the parsers one after the other, each in a process of its own. What is found
stays in .fuzz/ and is where the next run begins.
"""

import asyncio
import hashlib
import importlib.util
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tests.fuzz.datagrams import besiege
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
MAX_INPUT = 8_192
"""Bytes; longer than any datagram, as long as a long offer."""
SLOW = 5
"""Seconds that one input may take before it counts as a defect."""
MEMORY = 1_024
"""MB that a process may take; Python with FFmpeg's libraries begins at some 150."""

MAY_GROW = 8_000_000
"""Bytes by which a server's memory may differ between the beginning and the end of a siege."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One parser's run."""

    target: str
    runs: int
    code: int
    text: str

    @property
    def clean(self) -> bool:
        return self.code == 0 and self.runs > 0


def fuzz(target: str, folder: Path, seconds: int, seed: int = 0) -> Outcome:
    """Runs a target for so long, from its seeds and from what earlier runs found in `folder`.
    `seed` 0 is a different run each time.
    """
    corpus = folder / target
    corpus.mkdir(parents=True, exist_ok=True)
    for data in SEEDS[target]():
        (corpus / hashlib.sha1(data).hexdigest()).write_bytes(data)
    options = [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-max_len={MAX_INPUT}",
        f"-timeout={SLOW}",
        f"-rss_limit_mb={MEMORY}",
    ]
    command = [
        "nice",  # a fuzzer uses a whole core; what runs beside it may depend on time
        sys.executable,
        "-m",
        "tests.fuzz.one",
        target,
        str(corpus),
        *options,
        f"-artifact_prefix={folder}/{target}-",
        "-print_final_stats=1",
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=seconds + 60,
    )
    runs = re.search(r"number_of_executed_units:\s*(\d+)", done.stdout)
    return Outcome(target, int(runs[1]) if runs else 0, done.returncode, done.stdout)


def replay(target: str, path: Path) -> None:
    """Gives a target one input, in this process: the traceback is Python's own."""
    TARGETS[target](path.read_bytes())


def run(targets: Sequence[str], folder: Path, seconds: int, seed: int) -> bool:
    clean = True
    for target in targets:
        outcome = fuzz(target, folder, max(2, seconds // len(targets)), seed)
        print(
            f"{target:16} {outcome.runs:>10,} inputs  {'clean' if outcome.clean else 'DEFECT'}",
            flush=True,
        )
        if not outcome.clean:
            clean = False
            print("\n".join(outcome.text.splitlines()[-40:]))
    return clean


def main(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET]...", help=f"Which parsers; all of them without. {', '.join(TARGETS)}"
        ),
    ] = None,
    seconds: Annotated[int, typer.Option(help="How long in all.")] = 3_600,
    seed: Annotated[
        int,
        typer.Option(
            help="A number repeats a run as far as time allows; 0 is another one each time."
        ),
    ] = 0,
    input_file: Annotated[
        Path | None, typer.Option("--input", help="Give this file to one TARGET, and nothing else.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where inputs are kept.")] = ROOT / ".fuzz",
    datagrams: Annotated[
        bool,
        typer.Option(
            "--datagrams",
            help="Random datagrams at a live, for --seconds, in place of the parsers.",
        ),
    ] = False,
) -> None:
    """Fuzzes every parser that the net can reach."""
    if datagrams:
        siege = asyncio.run(besiege(seconds, seed))
        print(
            f"{siege.sent:,} datagrams in {seconds} s: {siege.frames:,} pictures arrived, "
            f"the longest step {siege.longest * 1_000:.0f} ms, "
            f"epochs {sorted(siege.epochs)}, memory {siege.memory[-1] / 1e6:.0f} MB, "
            f"grown by {siege.grown / 1e6:.1f} MB"
        )
        raise typer.Exit(0 if siege.epochs == {1} and siege.grown < MAY_GROW else 1)
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
