"""What viewers cost: publish → viewer delay, CPU and memory, beside a bare C loop that writes the same bytes to as many sockets."""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.yardstick import compile_loop, run_loop

KBPS, FPS = 1_000, 30
RAMP = 500
"""Viewers who come in a second."""
P99_FEW, P99_MANY, RATIO, MEMORY = 20.0, 50.0, 1.5, 40.0
MANY = 3_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """One size of audience."""

    viewers: int
    tls: bool
    p50: float
    p99: float
    """ms from publishing until the viewer has it."""
    cpu: float
    """Of one core, %."""
    loop_cpu: float
    """The C loop's, %."""
    loop_p99: float
    memory: float
    """KB for each viewer, beyond the server with its room alone."""
    gaps: int
    slowed: int
    disconnects: int
    outcome: str
    """What scripts/load says of its own run; INVALID where the generator was the limit."""

    @property
    def ratio(self) -> float:
        return self.cpu / self.loop_cpu

    @property
    def per_core(self) -> int:
        """Viewers that a whole core would carry at this cost."""
        return round(self.viewers / self.cpu * 100)


@dataclass(frozen=True, slots=True)
class Report:
    crowds: list[Crowd]

    @property
    def bars(self) -> list[Bar]:
        bars = []
        for crowd in self.crowds:
            if crowd.tls:
                continue  # told, without a promise
            name = f"at {crowd.viewers} viewers"
            if crowd.viewers >= 2_000:
                bars.append(Bar(f"p99 {name}", crowd.p99, P99_MANY if crowd.viewers >= MANY else P99_FEW, "ms"))
            bars.append(Bar(f"frames dropped {name}", crowd.gaps + crowd.disconnects, 0, ""))
            bars.append(Bar(f"CPU {name}, of the C loop's", crowd.ratio, RATIO, "×"))
        if largest := max((crowd for crowd in self.crowds if not crowd.tls), key=lambda crowd: crowd.viewers, default=None):
            bars.append(Bar(f"memory a viewer at {largest.viewers}", largest.memory, MEMORY, "KB"))
        return bars

    def as_json(self) -> dict[str, Any]:
        crowds = [{**asdict(crowd), "ratio": round(crowd.ratio, 2), "per_core": crowd.per_core} for crowd in self.crowds]
        return {
            "kbps": KBPS,
            "fps": FPS,
            "crowds": crowds,
            "bars": [{"name": bar.name, "value": bar.value, "limit": bar.limit, "kept": bar.kept} for bar in self.bars],
        }


Progress = Callable[[str], None]


async def measure(folder: Path, sizes: list[int], seconds: float, cores: tuple[int, int], *, tls: tuple[Path, Path] | None, progress: Progress) -> Report:
    """Every size with a server of its own on the first core and the generator on the second; the C loop of that size right after it."""
    program = compile_loop(folder)
    crowds = []
    for number, viewers in enumerate(sizes):
        crowds.append(await _measure(folder / f"{number}", program, viewers, seconds, cores, None, progress))
    if tls:
        crowds.append(await _measure(folder / "tls", program, min(sizes), seconds, cores, tls, progress))
    return Report(crowds)


async def _measure(
    folder: Path, program: Path, viewers: int, seconds: float, cores: tuple[int, int], tls: tuple[Path, Path] | None, progress: Progress
) -> Crowd:
    progress(f"{viewers} viewers{' over TLS' if tls else ''}")
    arguments = [f"--max-sockets-per-address={viewers + 100}"]
    if tls:
        arguments += [f"--tls-cert={tls[0]}", f"--tls-key={tls[1]}"]
    (folder / "data").mkdir(parents=True)
    async with LocalServer(folder / "data", *arguments) as server:
        os.sched_setaffinity(server.pid, {cores[0]})
        common = ("--publish", "--kbps", str(KBPS), "--fps", str(FPS), *(("--insecure",) if tls else ()))
        alone = await run_load(folder / "alone", cores[1], server.url, "viewers", "-n", "1", "--ramp", "0", "--seconds", "3", *common, within=10)
        ramp = viewers / RAMP
        words = ("viewers", "-n", str(viewers), "--ramp", str(ramp), "--seconds", str(seconds), *common)
        load = await run_load(folder / "crowd", cores[1], server.url, *words, within=ramp + seconds)
    figures = load["figures"]
    messages = max(1, load["extra"]["messages"])
    size = round(load["extra"]["bytes"] / messages)
    loop = await run_loop(program, viewers, seconds, size, FPS, cores)
    return Crowd(
        viewers=viewers,
        tls=tls is not None,
        p50=figures["p50"],
        p99=figures["p99"],
        cpu=figures["server_cpu"],
        loop_cpu=loop.cpu * 100,
        loop_p99=loop.p99,
        memory=(figures["server_memory"] - alone["figures"]["server_memory"]) * 1_000 / viewers,
        gaps=figures["gaps"],
        slowed=figures["slowed"],
        disconnects=figures["disconnects"],
        outcome=load["outcome"],
    )
