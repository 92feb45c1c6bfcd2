"""Compiles and runs the load generator, the Go program in `load/`."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.benchmarks.peers.rounds import RunInvalid
from scripts.benchmarks.process_end import end

SOURCE = Path(__file__).with_name("load")
PROGRAM = Path(sys.prefix) / "peers-load"
ARRIVE_EVERY = 0.03
"""Time between two creators, seconds, as in publish.go."""
CONNECT_WITHIN, SPARE = 40.0, 60.0
LINE_MOST = 1 << 26
"""Longest line of the generator, bytes: all delays of a run."""


class GeneratorMissing(Exception):
    """Raised if the load generator cannot be compiled. The text says what to do."""


def compile_generator() -> None:
    """Compiles the load generator into PROGRAM, unless it is there already. Raises
    GeneratorMissing.
    """
    go = shutil.which("go")
    if go is None:
        raise GeneratorMissing(
            "the load generator is a Go program: install Go 1.26 or later, and put `go` in PATH"
        )
    command = [go, "build", "-o", str(PROGRAM), "."]
    done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True)
    if done.returncode:
        raise GeneratorMissing(
            f"the load generator in {SOURCE} does not compile; it needs Go 1.26 or later, and the "
            f"network for its modules the first time:\n{done.stderr.strip()[-600:]}"
        )


@dataclass(frozen=True, slots=True)
class Audience:
    """The options of the viewers."""

    count: int
    seconds: float
    """Measured time."""
    first: int = 0
    """Number of viewers whose first picture is timed. They arrive one by one."""
    decodable: bool = False
    """Whether only pictures count that a decoder could show."""

    @property
    def arrival(self) -> float:
        """Seconds until the measured time begins."""
        return 0.337 * self.first + 0.025 * (self.count - self.first) + 4


@dataclass(frozen=True, slots=True)
class Generator:
    """Runs the load generator on one core."""

    core: int
    clip: Path
    """File with the H.264 video that every creator sends in a loop."""
    log: Path
    """File for the generator's own messages."""
    pids: set[int] = field(default_factory=set)
    """Ids of the processes that run now."""

    @asynccontextmanager
    async def publish(
        self, targets: Sequence[str], seconds: float, loss: float = 0.0
    ) -> AsyncIterator[None]:
        """Publishes to all targets while the block runs, at most `seconds` after the last arrival.
        Raises RunInvalid if a creator does not connect.
        """
        words = ("publish", f"-clip={self.clip}", f"-seconds={seconds}", f"-loss={loss}")
        async with self._process(*words, *targets) as process:
            within = CONNECT_WITHIN + ARRIVE_EVERY * len(targets)
            ready = await self._read(process, within)
            if ready["connected"] != len(targets):
                raise RunInvalid(
                    f"{ready['connected']} of {len(targets)} creators connected: {ready['failure']}"
                )
            yield
            if process.returncode is not None:
                raise RunInvalid("the creators ended early")

    async def watch(
        self, targets: Sequence[str], audience: Audience, phase: Callable[[str], None]
    ) -> dict[str, Any]:
        """Opens viewers of the targets and returns their results. `phase`: called with "start" and
        "stop" when the measured time begins and ends. Raises RunInvalid if a viewer has no picture.
        """
        words = (
            f"-count={audience.count}",
            f"-first={audience.first}",
            f"-seconds={audience.seconds}",
            f"-decodable={str(audience.decodable).lower()}",
        )
        within = audience.arrival + audience.seconds + SPARE
        async with self._process("watch", *words, *targets) as process:
            for _ in range(2):
                phase((await self._read(process, within))["phase"])
            found = await self._read(process, within)
        if found["watching"] != audience.count:
            raise RunInvalid(
                f"{found['watching']} of {audience.count} viewers had a picture: "
                f"{found['failure'] or 'no error'}"
            )
        return found

    @asynccontextmanager
    async def _process(self, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                str(PROGRAM),
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=LINE_MOST,
                preexec_fn=lambda: os.sched_setaffinity(0, {self.core}),
            )
        self.pids.add(process.pid)
        try:
            yield process
        finally:
            await end(process)
            self.pids.discard(process.pid)

    async def _read(self, process: asyncio.subprocess.Process, within: float) -> dict[str, Any]:
        """Returns the next result of the generator. Skips lines that its libraries write. Raises
        RunInvalid.
        """
        assert process.stdout is not None
        try:
            async with asyncio.timeout(within):
                async for line in process.stdout:
                    with suppress(ValueError):
                        found = json.loads(line)
                        if isinstance(found, dict):
                            return found
        except TimeoutError:
            raise RunInvalid(f"the load generator gave no result within {within:.0f} s") from None
        raise RunInvalid(f"the load generator ended: {self.log.read_text()[-300:].strip()}")
