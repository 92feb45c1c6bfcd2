"""A worker process of the load generator: `python -m scripts.loadgen.worker`.

The process reads its plan, one line of JSON, from standard input and answers `ready`. Then it reads
a second line with the start time. It writes a line of figures each second, and a last line when
standard input ends.
"""

import asyncio
import gc
import json
import os
import resource
import sys
import time
from contextlib import suppress
from typing import Any, Protocol

import uvloop

from scripts.loadgen.figures import Figures
from scripts.loadgen.plans import CrowdPlan, PublishersPlan, WritersPlan

LAG_EVERY = 0.01
PLAN_MAX = 64 * 1024 * 1024
"""Maximum size of a worker's plan, bytes. The plan contains the video clip to publish."""
READY = b"ready\n"
PROBE_NICENESS = -15


class Work(Protocol):
    def start(self, first_at: float) -> None: ...

    def take_figures(self) -> Figures: ...

    async def close(self) -> None: ...


class Lag:
    """Measures 100 times a second how late this process's event loop is, in ms."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Use time.monotonic instead of the event loop's clock: uvloop's clock stands still during
        # callbacks and has a resolution of 1 ms.
        self._due = time.monotonic() + LAG_EVERY
        self._late: list[float] = []
        self._timer = self._loop.call_later(LAG_EVERY, self._measure)

    def take(self) -> list[float]:
        late, self._late = self._late, []
        return late

    def close(self) -> None:
        self._timer.cancel()

    def _measure(self) -> None:
        now = time.monotonic()
        self._late.append(max(0.0, (now - self._due) * 1_000))
        # Count each missed timer as late, too: a loop that blocked for 100 ms was late ten times.
        while self._due + LAG_EVERY <= now:
            self._due += LAG_EVERY
            self._late.append((now - self._due) * 1_000)
        self._due += LAG_EVERY
        self._timer = self._loop.call_later(self._due - now, self._measure)


async def run() -> None:
    reader = asyncio.StreamReader(limit=PLAN_MAX)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    task = json.loads(await reader.readline())
    work = _work(task["role"], task["plan"])
    # Exempt all existing objects from garbage collection, and collect rarely: few new objects form
    # cycles.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    begin = await reader.readline()
    lag = Lag()
    write_figures = FigureWriter(work, lag)
    if begin:
        work.start(float(begin))
        end = asyncio.create_task(reader.read(1))
        while not end.done():
            await asyncio.wait([end], timeout=write_figures.until_next())
            if not end.done():
                write_figures()
    lag.close()
    await work.close()
    write_figures()
    transport.close()


def _work(role: str, plan: dict[str, Any]) -> Work:
    # Import only the modules of this role: WebRTC modules would delay the start of viewers over
    # WebSocket.
    if role == "crowd":
        from scripts.loadgen.crowd import Crowd

        if plan["probe"]:
            _raise_priority()
        return Crowd(CrowdPlan(**plan))
    if role == "crowds":
        from scripts.loadgen.crowds import Crowds

        plans = [CrowdPlan(**each) for each in plan["crowds"]]
        if plans[0].probe:
            _raise_priority()
        return Crowds(plans)
    if role == "writers":
        from scripts.loadgen.writers import Writers

        return Writers(WritersPlan(**plan))
    from scripts.loadgen.publishers import Publishers

    return Publishers(PublishersPlan(**plan))


def _raise_priority() -> None:
    """Raises the priority of this process, which runs probes. Other viewers use the same core, and
    a probe must measure the server's delay, not its own wait for the core.
    """
    with suppress(PermissionError):  # this needs root; otherwise the wait shows in the loop lag
        os.setpriority(os.PRIO_PROCESS, 0, PROBE_NICENESS)


class FigureWriter:
    """Writes the worker's figures at each full second of the system clock, so that the figures of
    all workers cover the same seconds.
    """

    def __init__(self, work: Work, lag: Lag) -> None:
        self._work = work
        self._lag = lag
        self._cpu = time.process_time()
        self._at = time.monotonic()

    def until_next(self) -> float:
        left = 1.0 - time.time() % 1.0
        return (
            left if left > 0.1 else left + 1.0
        )  # a timer may fire a little early; no second may be reported twice

    def __call__(self) -> None:
        figures = self._work.take_figures()
        figures.histogram("lag").add(self._lag.take())
        cpu, at = time.process_time(), time.monotonic()
        figures.levels["cpu"] = (cpu - self._cpu) / max(0.001, at - self._at)
        figures.counts["elapsed_us"] = max(1_000, round((at - self._at) * 1_000_000))
        self._cpu, self._at = cpu, at
        sys.stdout.buffer.write(figures.to_line())
        sys.stdout.buffer.flush()


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


if __name__ == "__main__":
    main()
