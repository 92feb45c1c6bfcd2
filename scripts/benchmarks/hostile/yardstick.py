"""The yardstick: a server with a creator and 200 viewers. The server runs on one core; everything
else runs on another core. 10 of the viewers belong to the control reader.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from scripts.benchmarks.checkout import ROOT
from scripts.benchmarks.hostile.figures import Felt, Side
from scripts.benchmarks.hostile.plans import creators_plan, viewers_plan
from scripts.benchmarks.hostile.process_tree import cpu_seconds
from scripts.benchmarks.local_server import LocalServer, ServerFailed, pinned_server
from scripts.loadgen.clip import Clip
from scripts.loadgen.target import Server, parse_target
from scripts.loadgen.workers import Worker

VIEWERS, CONTROLS = 200, 10
"""Number of viewers of the yardstick (`VIEWERS`), and how many of the viewers belong to the control
reader (`CONTROLS`).
"""
RAMP = 1.0
LIVE_WITHIN, ARRIVE_WITHIN, READY_WITHIN, ANSWER_WITHIN = 15.0, 10.0, 20.0, 20.0
HONEST_NICENESS = -10
"""Niceness of the server, the creator and the viewers. An attacker on the core of the viewers must
not delay these processes, and neither must other programs of this machine.
"""


class Control:
    """The process of the control reader."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def take(self) -> Felt:
        """Returns the figures since the last call. Raises ServerFailed if the process ended."""
        process = self._process
        assert process.stdin and process.stdout
        process.stdin.write(b"take\n")
        line = await asyncio.wait_for(process.stdout.readline(), ANSWER_WITHIN)
        if not line:
            raise ServerFailed("the control reader ended")
        return Felt(**json.loads(line))


@dataclass(frozen=True, slots=True)
class Beginning:
    """The state of the server at the beginning of a run."""

    at: float
    """Time at which the run began, in seconds of `time.monotonic`."""
    cpu: float
    """CPU time that the server had used before the run began, seconds."""
    waited: float
    """Time for which the server had waited for its core before the run began, seconds."""


@dataclass(slots=True)
class Yardstick:
    """A running server with its creator and its viewers."""

    server: LocalServer
    url: str
    room: str
    control: Control
    http: aiohttp.ClientSession
    """HTTP client that accepts the certificate of the server."""

    async def begin(self) -> "Beginning":
        """Begins a run. Drops everything that was measured earlier."""
        await self.control.take()
        pid = self.server.pid
        return Beginning(time.monotonic(), cpu_seconds(pid), waited_seconds(pid))

    async def end(self, since: "Beginning") -> Side:
        """Returns the figures since the beginning of the run."""
        pid, passed = self.server.pid, time.monotonic() - since.at
        spent, waited = cpu_seconds(pid) - since.cpu, waited_seconds(pid) - since.waited
        return Side(await self.control.take(), spent / passed * 100, waited / passed * 100)

    async def counters(self) -> dict[str, float]:
        """Returns the counters of the server's metrics, by name and labels."""
        async with self.http.get(f"{self.url}/metrics") as answer:
            text = await answer.text()
        return read_counters(text)


def read_counters(text: str) -> dict[str, float]:
    """Returns the counters in a text of metrics, by name and labels."""
    found = {}
    for family in text_string_to_metric_families(text):
        if family.type != "counter":
            continue
        for sample in family.samples:
            if sample.name.endswith("_total"):
                labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
                found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


@asynccontextmanager
async def yardstick(
    folder: Path,
    cores: tuple[int, int],
    clip: Clip,
    *options: str,
    token: str = "",
    viewers: int = VIEWERS,
    tls: bool = False,
) -> AsyncIterator[Yardstick]:
    """Starts the server on the first core, and the creator and the viewers on the second core.
    Returns once all processes are connected. Raises ServerFailed, BadInput or TimeoutError.
    """
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(pinned_server(folder, cores[0], *options))
        raise_priority(server.pid)
        client = Server(parse_target(server.url, owned=True), token or None, insecure=tls)
        stack.push_async_callback(client.close)
        endpoint = await client.create_room("yardstick")
        publish = creators_plan([endpoint], clip, 0.0, insecure=tls)
        watch = viewers_plan(server.url, [endpoint.room], viewers - CONTROLS, RAMP)
        creator = Worker("creator", "publishers", asdict(publish))
        crowd = Worker("viewers", "crowd", asdict(watch))
        with on_core(cores[1]):
            for worker in (creator, crowd):
                await worker.start()
                stack.push_async_callback(worker.stop)
        for worker in (creator, crowd):
            await worker.ready()
        creator.begin(time.time())
        await client.wait_live(endpoint.room, LIVE_WITHIN)
        crowd.begin(time.time())
        await _arrive(crowd, watch.viewers)
        control = await stack.enter_async_context(
            control_reader(cores[1], server.url, [endpoint.room], CONTROLS)
        )
        http = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False))
        )
        yield Yardstick(server, server.url, endpoint.room, control, http)


async def _arrive(crowd: Worker, viewers: int) -> None:
    """Waits until all viewers watch. Raises ServerFailed or BadInput."""
    watching = 0.0
    try:
        async with asyncio.timeout(ARRIVE_WITHIN):
            while (watching := crowd.take().levels.get("watching", 0)) < viewers:
                await crowd.require_running()
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise ServerFailed(f"{watching:.0f} of {viewers} viewers watch") from error


@asynccontextmanager
async def control_reader(
    core: int, url: str, rooms: Sequence[str], viewers: int
) -> AsyncIterator[Control]:
    """Runs a control reader with `viewers` viewers on one core. Raises ServerFailed if the reader
    cannot connect.
    """
    words = ("-m", "scripts.benchmarks.hostile.control", url, ",".join(rooms), str(viewers))
    async with helper(core, words) as process:
        assert process.stdout
        line = await asyncio.wait_for(process.stdout.readline(), READY_WITHIN)
        if line != b"ready\n":
            raise ServerFailed("the control reader could not connect")
        yield Control(process)


@asynccontextmanager
async def helper(core: int, words: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs a Python process on one core, and ends the process at the end of the block."""
    pipe = asyncio.subprocess.PIPE
    with on_core(core, niceness=None):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *words,
            cwd=ROOT,
            stdin=pipe,
            stdout=pipe,
            limit=4 * 1024 * 1024,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        assert process.stdin
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


@contextmanager
def on_core(core: int, niceness: int | None = HONEST_NICENESS) -> Iterator[None]:
    """Confines the child processes that start within the block to one core. They inherit the
    affinity and the niceness that this process has within the block.
    """
    cores, usual = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
    os.sched_setaffinity(0, {core})
    with suppress(PermissionError):  # this needs root; otherwise the lateness shows
        if niceness is not None:
            os.setpriority(os.PRIO_PROCESS, 0, niceness)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, usual)


def raise_priority(pid: int) -> None:
    with suppress(PermissionError):  # this needs root; otherwise the lateness shows
        os.setpriority(os.PRIO_PROCESS, pid, HONEST_NICENESS)


def waited_seconds(pid: int) -> float:
    """Returns the seconds for which a process was ready to run but waited for its core."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
