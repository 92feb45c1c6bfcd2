"""Measures the cost of WebSocket viewers: delay, CPU and memory, compared with a C loop that writes
the same bytes to the same number of sockets.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.baseline import Loop, compile_loop, run_loop
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import pinned_server

KBPS, FPS = 1_000, 30
RAMP = 500
"""Number of viewers that arrive per second."""
P99_FEW, P99_MANY, RATIO, MEMORY = 20.0, 50.0, 1.5, 40.0
MANY = 3_000


@dataclass(frozen=True, slots=True)
class Crowd:
    """The result for one audience size."""

    viewers: int
    variant: str
    """Variant of the server: `TLS`, `asyncio` (without uvloop), or empty. Only runs without a
    variant have bars.
    """
    p50: float
    p99: float
    """99th percentile of the delay from publishing to the arrival at the viewer, ms."""
    cpu: float
    """CPU of the server, % of one core."""
    loop_cpu: float
    """CPU of the C loop, % of one core."""
    loop_p99: float
    memory: float
    """Memory of the server per viewer, KB. Excludes the memory of a server that has the room but no
    viewers.
    """
    gaps: int
    slowed: int
    disconnects: int
    outcome: str
    """Outcome of scripts/load. INVALID means that the load generator, and not the server, limited
    the result.
    """

    @property
    def ratio(self) -> float:
        return self.cpu / self.loop_cpu

    @property
    def per_core(self) -> int:
        """Number of viewers that one core could serve at the measured CPU use per viewer."""
        return round(self.viewers / self.cpu * 100)


@dataclass(frozen=True, slots=True)
class Report:
    crowds: list[Crowd]

    @property
    def bars(self) -> list[Bar]:
        bars = []
        for crowd in self.crowds:
            if crowd.variant:
                continue  # reported without a bar
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
            "bars": [bar.as_json() for bar in self.bars],
        }


Progress = Callable[[str], None]


def server_options(viewers: int) -> tuple[str, ...]:
    """Returns server options that allow `viewers` viewers from one address."""
    return (f"--max-sockets-per-address={viewers + 100}",)


def load_words(viewers: int, seconds: float, rate: float = RAMP) -> tuple[tuple[str, ...], float]:
    """Returns the arguments of scripts/load for one publisher and `viewers` viewers, and the
    duration of the run in seconds. `rate`: number of viewers that arrive per second.
    """
    ramp = viewers / rate
    words = ("viewers", "-n", str(viewers), "--ramp", str(ramp), "--seconds", str(seconds))
    return (*words, "--publish", "--kbps", str(KBPS), "--fps", str(FPS)), ramp + seconds


async def measure(
    folder: Path,
    sizes: list[int],
    seconds: float,
    cores: tuple[int, int],
    *,
    tls: tuple[Path, Path] | None,
    progress: Progress,
) -> Report:
    """Measures each audience size with its own server. The server uses the first core; the load
    generator uses the second. Then runs the C loop three times for the same size, and takes the run
    with the median CPU.

    Measures the smallest size again without uvloop. If `tls` names a certificate and a key,
    measures the smallest size also over TLS.
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
    """Path of the compiled C loop."""
    seconds: float
    cores: tuple[int, int]
    progress: Progress

    async def measure(self, viewers: int, variant: str = "", *options: str) -> Crowd:
        """Measures a server with these `options` and `viewers` viewers."""
        self.progress(f"{viewers} viewers {variant}".strip())
        folder = self.folder / f"{viewers}{variant}"
        insecure = ("--insecure",) if variant == "TLS" else ()
        async with pinned_server(
            folder / "data", self.cores[0], *server_options(viewers), *options
        ) as server:
            words, within = load_words(1, 3)
            alone = await run_load(
                folder / "alone", self.cores[1], server.url, *words, *insecure, within=within
            )
            words, within = load_words(viewers, self.seconds)
            load = await run_load(
                folder / "crowd", self.cores[1], server.url, *words, *insecure, within=within
            )
        # Let the C loop send each viewer as many bytes, in as many writes, as the server did.
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
