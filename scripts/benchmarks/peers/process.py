"""A server's process: its start on one core, and what it uses."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from scripts.benchmarks.hostile.process_tree import cpu_seconds
from scripts.benchmarks.peers.rounds import RunInvalid
from scripts.benchmarks.peers.servers import HOST, Live, Server
from scripts.benchmarks.process_end import end

START_WITHIN = 90.0
LOOK_EVERY = 0.05
LOG_LINES = 5
"""Number of last lines of a server's log that an error shows."""


class PeerFailed(Exception):
    """Raised if a server does not start. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A server that takes part in the comparison."""

    title: str
    """Unique among the entries."""
    server: Server
    program: Path
    version: str = ""


@asynccontextmanager
async def running(entry: Entry, folder: Path, core: int) -> AsyncIterator[int]:
    """Runs the server on one core. Yields its process id once it accepts connections. `folder`: an
    empty working directory. Raises PeerFailed.
    """
    launch = entry.server.launch(str(entry.program), str(folder))
    for name, text in launch.files.items():
        (folder / name).write_text(text)
    log = folder / "output.log"
    with log.open("wb") as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *launch.words,
                cwd=folder,
                env={**_environ(), **launch.environ},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
        except OSError as error:
            raise PeerFailed(_help(entry, f"does not run: {error.strerror}")) from error
    try:
        if not await _listens(process, launch.port):
            ended = process.returncode is not None
            why = "ended" if ended else f"does not listen after {START_WITHIN:.0f} s"
            raise PeerFailed(_help(entry, why, log.read_text(errors="replace")))
        yield process.pid
    finally:
        await end(process)


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MICROLIVE_")}


def _help(entry: Entry, why: str, log: str = "") -> str:
    lines = [
        f"{entry.title}: {entry.program} {why}. Start it by hand to see whether it works here; "
        "scripts/README.md says how to build each peer.",
        *log.strip().splitlines()[-LOG_LINES:],
    ]
    return "\n".join(lines)


async def _listens(process: asyncio.subprocess.Process, port: int) -> bool:
    """Waits until the process accepts connections. Returns False if it ended or was too late."""
    deadline = time.monotonic() + START_WITHIN
    while process.returncode is None and time.monotonic() < deadline:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(HOST, port)
            writer.close()
            return True
        await asyncio.sleep(LOOK_EVERY)
    return False


async def open_lives(entry: Entry, count: int, viewers: int) -> list[Live]:
    """Returns the addresses of `count` lives, each with `viewers` viewers, on the running server.
    Raises aiohttp's errors.
    """
    if (live := entry.server.live) is not None:
        return [live(number, viewers, time.time()) for number in range(count)]
    url = f"http://{HOST}:{entry.server.launch('', '').port}"
    found = []
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        for _ in range(count):
            async with http.post(f"{url}/api/rooms", json={"title": "bench"}) as answer:
                made = await answer.json()
            room = made["room"]
            found.append(Live(f"{url}/whip/{room},{made['key']}", (f"{url}/whep/{room}",)))
    return found


@dataclass(frozen=True, slots=True)
class Use:
    """What was used between two moments, as shares of one core."""

    server: float
    generator: float
    """What the load generator used."""
    generator_core: float
    """Share of the generator's core that all programs together used."""
    others: float
    """Share of the server's core that other programs used."""


class Meter:
    """Measures the use of the two cores from its creation on."""

    def __init__(self, server: int, generator: Iterable[int], cores: tuple[int, int]) -> None:
        """`server`: its process id. `generator`: ids of the generator's processes, which must
        still run when the use is taken.
        """
        self._server, self._generator, self._cores = server, tuple(generator), cores
        self._began = self._now()

    def take(self) -> Use:
        """Returns the use since the creation. Raises RunInvalid if the server has ended."""
        passed, server, generator, busy, all_ticks, other_busy, other_ticks = (
            after - before for before, after in zip(self._began, self._now(), strict=True)
        )
        if server <= 0:
            raise RunInvalid("the server has ended")
        others = max(0.0, busy / all_ticks - server / passed)
        return Use(server / passed, generator / passed, other_busy / other_ticks, others)

    def _now(self) -> tuple[float, ...]:
        """Returns the time, the CPU time of server and generator, and the times of both cores."""
        generator = sum(cpu_seconds(pid) for pid in self._generator)
        server_core, generator_core = (_core_times(core) for core in self._cores)
        return (
            time.monotonic(),
            cpu_seconds(self._server),
            generator,
            *server_core,
            *generator_core,
        )


def _core_times(core: int) -> tuple[int, int]:
    """Returns the time that a core was busy, and all its time, in clock ticks. Time that the
    hypervisor took counts as busy.
    """
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            # user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5))
            times = [int(field) for field in fields[:8]]
            return sum(times) - times[3] - times[4], sum(times)
    raise LookupError(f"/proc/stat has no core {core}")
