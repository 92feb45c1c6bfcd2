"""Measures the servers in rounds: the cost of creators and viewers, the delay, and lost packets."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from scripts.benchmarks.hostile.process_tree import resident_mb
from scripts.benchmarks.peers.generator import ARRIVE_EVERY, Audience, Generator
from scripts.benchmarks.peers.kinds import CASES, LOSSES, Case
from scripts.benchmarks.peers.plan import Plan
from scripts.benchmarks.peers.process import Entry, Meter, PeerFailed, Use, open_lives, running
from scripts.benchmarks.peers.results import loss_figures, viewer_figures
from scripts.benchmarks.peers.rounds import Measured, Run, RunInvalid, measure_rounds
from scripts.benchmarks.peers.servers import Live
from scripts.loadgen import clip

SIZE, FPS, KBPS = (640, 360), 30, 1_000
SETTLE = 5.0
"""Time between the arrival of creators and the measurement, seconds."""
LOSS_VIEWERS = 3
SPARE = 30.0
"""Maximum duration of a run in addition to its load, seconds."""

Progress = Callable[[str], None]


async def measure(
    folder: Path, entries: Sequence[Entry], plan: Plan, cores: tuple[int, int], progress: Progress
) -> Measured:
    """Measures all servers. The server runs on the first core, the generator on the second. Raises
    PeerFailed if a server does not start the first time.
    """
    video = folder / "clip.h264"
    width, height = SIZE
    video.write_bytes(await asyncio.to_thread(clip.video, width, height, FPS, KBPS))
    bench = _Bench(folder, plan, cores, Generator(cores[1], video, folder / "generator.log"))
    by_title = {entry.title: entry for entry in entries}
    for entry in entries:
        progress(f"first start of {entry.title}, {entry.version or 'version unknown'}")
        await bench.start_once(entry)

    async def run(case: Case, title: str) -> Run:
        return await bench.measure(case.name, by_title[title])

    cases = [CASES[name] for name in plan.cases]
    return await measure_rounds(
        list(by_title), cases, plan.rounds, run, progress, disturbed=plan.disturbed
    )


def seconds_of(plan: Plan, case: str) -> float:
    """Returns how long a run of the case takes, seconds, starts and ends included."""
    if case == "creators":
        return ARRIVE_EVERY * plan.creators + SETTLE + plan.seconds + 5
    audience = _crowd(plan) if case == "viewers" else _few(plan)
    return audience.arrival + SETTLE + audience.seconds + 5


def _crowd(plan: Plan) -> Audience:
    return Audience(plan.viewers, plan.seconds, first=min(plan.viewers, plan.joins))


def _few(plan: Plan) -> Audience:
    return Audience(LOSS_VIEWERS, plan.seconds, decodable=True)


@dataclass(slots=True)
class _Bench:
    folder: Path
    plan: Plan
    cores: tuple[int, int]
    generator: Generator
    runs: int = 0

    def _own_folder(self) -> Path:
        self.runs += 1
        own = self.folder / str(self.runs)
        own.mkdir()
        return own

    async def start_once(self, entry: Entry) -> None:
        """Shows whether the server starts. Its start also compiles and loads its files."""
        async with running(entry, self._own_folder(), self.cores[0]):
            pass

    async def measure(self, case: str, entry: Entry) -> Run:
        """Measures one case with a new server. Raises RunInvalid."""
        measure = {
            "creators": self._measure_creators,
            "viewers": self._measure_viewers,
            "loss": self._measure_loss,
        }[case]
        try:
            async with (
                asyncio.timeout(2 * seconds_of(self.plan, case) + SPARE),
                running(entry, self._own_folder(), self.cores[0]) as pid,
            ):
                return await measure(entry, pid)
        except (PeerFailed, aiohttp.ClientError, OSError) as error:
            raise RunInvalid(str(error) or type(error).__name__) from error

    async def _measure_creators(self, entry: Entry, pid: int) -> Run:
        count, before = self.plan.creators, resident_mb(pid)
        targets = [live.publish for live in await open_lives(entry, count, 0)]
        async with self.generator.publish(targets, seconds_of(self.plan, "creators") + SPARE):
            await asyncio.sleep(SETTLE)
            meter = Meter(pid, self.generator.pids, self.cores)
            await asyncio.sleep(self.plan.seconds)
            use = meter.take()
            memory = (resident_mb(pid) - before) / count
        return _run(use, {"creators": count / use.server, "creator_memory": memory})

    async def _measure_viewers(self, entry: Entry, pid: int) -> Run:
        audience = _crowd(self.plan)
        [live] = await open_lives(entry, 1, audience.count)
        async with self.generator.publish([live.publish], self._viewing(audience)):
            await asyncio.sleep(SETTLE)
            before = resident_mb(pid)
            [found], use = await self._watch(pid, [live], audience)
            memory = (resident_mb(pid) - before) / audience.count
        figures = viewer_figures(found) | {
            "viewers": audience.count / use.server,
            "viewer_memory": memory,
        }
        return _run(use, figures)

    async def _measure_loss(self, entry: Entry, pid: int) -> Run:
        """Measures three creators at once, of whom one loses nothing."""
        audience, shares = _few(self.plan), (0, *LOSSES)
        lives = await open_lives(entry, len(shares), audience.count)
        async with AsyncExitStack() as stack:
            for share, live in zip(shares, lives, strict=True):
                creator = self.generator.publish(
                    [live.publish], self._viewing(audience), share / 100
                )
                await stack.enter_async_context(creator)
            await asyncio.sleep(SETTLE)
            found, use = await self._watch(pid, lives, audience)
        return _run(use, loss_figures(dict(zip(shares, found, strict=True))))

    async def _watch(
        self, pid: int, lives: Sequence[Live], audience: Audience
    ) -> tuple[list[dict[str, Any]], Use]:
        """Watches all lives at the same time. Returns the results by live, and what was used in
        the measured time.
        """
        meters: list[Meter] = []
        uses: list[Use] = []

        def note(phase: str) -> None:
            if phase == "start" and not meters:
                meters.append(Meter(pid, self.generator.pids, self.cores))
            elif phase == "stop" and not uses:
                uses.append(meters[0].take())

        try:
            async with asyncio.TaskGroup() as group:
                crowds = [
                    group.create_task(self.generator.watch(live.watch, audience, note))
                    for live in lives
                ]
        except ExceptionGroup as failed:
            raise RunInvalid(str(failed.exceptions[0])) from failed
        return [crowd.result() for crowd in crowds], uses[0]

    def _viewing(self, audience: Audience) -> float:
        """Returns how long a creator stays, seconds."""
        return SETTLE + audience.arrival + audience.seconds + 2 * SPARE


def _run(use: Use, figures: Mapping[str, float]) -> Run:
    return Run(figures, use.generator, use.generator_core, use.others)
