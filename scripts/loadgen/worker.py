"""One process of the load: `python -m scripts.loadgen.worker`.

Standard input brings its plan as a line of JSON, and a line with the time at which to begin once it
has answered `ready`. It writes a line of figures a second, and a last one when standard input ends.
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
from scripts.loadgen.plans import CrowdPlan, StagePlan

LAG_EVERY = 0.01
PLAN_MAX = 64 * 1024 * 1024
"""Bytes; what creators send is in it."""
READY = b"ready\n"
PROBE_NICENESS = -15


class Work(Protocol):
    def start(self, first_at: float) -> None: ...

    def tell(self) -> Figures: ...

    async def close(self) -> None: ...


class Lag:
    """How late this process's loop is: a timer's delay, ms, a hundred times a second."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Not the loop's clock: uvloop's stands still while callbacks run, and has whole
        # milliseconds.
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
        # Beats that were missed altogether were as late as that too: a loop that stood still for
        # 100 ms was late ten times.
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
    # What was made so far stays: the collector need not look at it, and hardly anything of what
    # comes refers in circles.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    begin = await reader.readline()
    lag = Lag()
    tell = Teller(work, lag)
    if begin:
        work.start(float(begin))
        end = asyncio.create_task(reader.read(1))
        while not end.done():
            await asyncio.wait([end], timeout=tell.until_next())
            if not end.done():
                tell()
    lag.close()
    await work.close()
    tell()
    transport.close()


def _work(role: str, plan: dict[str, Any]) -> Work:
    # Imported here: creators bring WebRTC with them, which viewers need not wait for.
    if role == "crowd":
        from scripts.loadgen.crowd import Crowd

        if plan["probe"]:
            _come_first()
        return Crowd(CrowdPlan(**plan))
    from scripts.loadgen.stage import Stage

    return Stage(StagePlan(**plan))


def _come_first() -> None:
    """Probes share a core with the rest of the crowd: they should tell how long the server took,
    not how long they waited for that core.
    """
    with suppress(
        PermissionError
    ):  # only root may; what the wait costs shows in the loop lag all the same
        os.setpriority(os.PRIO_PROCESS, 0, PROBE_NICENESS)


class Teller:
    """Writes the figures, at each full second of the clock, so that all workers' seconds are the
    same.
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
        )  # a timer may come a little early: not the same second twice

    def __call__(self) -> None:
        figures = self._work.tell()
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
