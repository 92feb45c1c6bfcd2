"""What viewers cost: publish → viewer delay, CPU and memory, beside a bare C loop that writes the
same bytes to as many sockets.
"""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.yardstick import Loop, compile_loop, run_loop

KBPS, FPS = 1_000, 30
RAMP = 500
"""Viewers who come in a second."""
P99_FEW, P99_MANY, RATIO, MEMORY = 20.0, 50.0, 1.5, 40.0
MANY = 3_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """One size of audience."""

    viewers: int
    variant: str
    """`TLS`, or `asyncio` in place of uvloop; empty for what the bars are about."""
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
            if crowd.variant:
                continue  # told, without a promise
            name = f"at {crowd.viewers} viewers"
            if crowd.viewers >= 2_000:
                bars.append(
                    Bar(
                        f"p99 {name}",
                        crowd.p99,
                        P99_MANY if crowd.viewers >= MANY else P99_FEW,
                        "ms",
                    )
                )
            bars.append(Bar(f"frames dropped {name}", crowd.gaps + crowd.disconnects, 0, ""))
            bars.append(Bar(f"CPU {name}, of the C loop's", crowd.ratio, RATIO, "×"))
        if largest := max(
            (crowd for crowd in self.crowds if not crowd.variant),
            key=lambda crowd: crowd.viewers,
            default=None,
        ):
            bars.append(Bar(f"memory a viewer at {largest.viewers}", largest.memory, MEMORY, "KB"))
        return bars

    def as_json(self) -> dict[str, Any]:
        crowds = [
            {**asdict(crowd), "ratio": round(crowd.ratio, 2), "per_core": crowd.per_core}
            for crowd in self.crowds
        ]
        return {
            "kbps": KBPS,
            "fps": FPS,
            "crowds": crowds,
            "bars": [
                {"name": bar.name, "value": bar.value, "limit": bar.limit, "kept": bar.kept}
                for bar in self.bars
            ],
        }


Progress = Callable[[str], None]


async def measure(
    folder: Path,
    sizes: list[int],
    seconds: float,
    cores: tuple[int, int],
    *,
    tls: tuple[Path, Path] | None,
    progress: Progress,
) -> Report:
    """Every size with a server of its own on the first core and the generator on the second; the C
    loop of that size right after it, three times, of which the middle one counts.

    The smallest size again without uvloop, and over TLS where there is a certificate and its key.
    """
    program = compile_loop(folder)
    bench = _Bench(folder, program, seconds, cores, progress)
    crowds = [await bench.measure(viewers) for viewers in sizes]
    crowds.append(await bench.measure(min(sizes), "asyncio", "--event-loop=asyncio"))
    if tls:
        crowds.append(
            await bench.measure(min(sizes), "TLS", f"--tls-cert={tls[0]}", f"--tls-key={tls[1]}")
        )
    return Report(crowds)


@dataclass(frozen=True, slots=True)
class _Bench:
    folder: Path
    program: Path
    """The C loop."""
    seconds: float
    cores: tuple[int, int]
    progress: Progress

    async def measure(self, viewers: int, variant: str = "", *options: str) -> Crowd:
        """One crowd, in front of a server with these `options`."""
        self.progress(f"{viewers} viewers {variant}".strip())
        folder = self.folder / f"{viewers}{variant}"
        (folder / "data").mkdir(parents=True)
        async with LocalServer(
            folder / "data", f"--max-sockets-per-address={viewers + 100}", *options
        ) as server:
            os.sched_setaffinity(server.pid, {self.cores[0]})
            common = (
                "--publish",
                "--kbps",
                str(KBPS),
                "--fps",
                str(FPS),
                *(("--insecure",) if variant == "TLS" else ()),
            )
            alone = await run_load(
                folder / "alone",
                self.cores[1],
                server.url,
                "viewers",
                "-n",
                "1",
                "--ramp",
                "0",
                "--seconds",
                "3",
                *common,
                within=10,
            )
            ramp = viewers / RAMP
            words = (
                "viewers",
                "-n",
                str(viewers),
                "--ramp",
                str(ramp),
                "--seconds",
                str(self.seconds),
                *common,
            )
            load = await run_load(
                folder / "crowd", self.cores[1], server.url, *words, within=ramp + self.seconds
            )
        # As many bytes in as many writes as each viewer got.
        size = round(load["extra"]["bytes"] / max(1, load["extra"]["messages"]))
        rate = load["figures"]["received"] * 1e6 / 8 / viewers / size
        loops = [
            await run_loop(self.program, viewers, self.seconds / 2, size, rate, self.cores)
            for _ in range(3)
        ]
        return _crowd(viewers, variant, load, alone, sorted(loops, key=lambda loop: loop.cpu)[1])


def _crowd(
    viewers: int, variant: str, load: dict[str, Any], alone: dict[str, Any], loop: Loop
) -> Crowd:
    figures = load["figures"]
    return Crowd(
        viewers=viewers,
        variant=variant,
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
