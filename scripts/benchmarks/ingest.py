"""Measures the CPU and memory of the server for each creator. Compares the CPU with the CPU of a
bare loop that only receives (`recvfrom`) and decrypts (SRTP) the same packets.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.baseline import unprotect_seconds
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import pinned_server

BITRATES = (1_000, 2_500)
"""Bitrates at which the creators are measured, video and audio together, kbps."""
PER_CORE, ROOM_MB = 60, 5.0
RAMP = 2.0
"""Seconds in which all creators arrive."""
SERVER_OPTIONS = ("--max-rooms-per-address-hour=1000", "--max-whip-per-address-minute=1000")
"""Server options that allow all creators to come from one address."""


def load_words(creators: int, kbps: int, seconds: float) -> tuple[tuple[str, ...], float]:
    """Returns the arguments of scripts/load for `creators` creators, and the duration of the run in
    seconds.
    """
    words = ("creators", "-n", str(creators), "--ramp", str(RAMP), "--seconds", str(seconds))
    return (*words, "--kbps", str(kbps)), RAMP + seconds


@dataclass(frozen=True, slots=True)
class Creators:
    """The result for one bitrate."""

    creators: int
    kbps: float
    """Bitrate of the encoded media per creator, kbps."""
    cpu: float
    """CPU of the server per creator, % of one core. Excludes the CPU of the idle server."""
    bare_cpu: float
    """CPU of a bare loop that receives and decrypts the same packets, per creator, % of one
    core.
    """
    memory: float
    """Memory of the server per room, MB."""
    window: float
    """Amount of media in the window of each room at the end of the run, MB."""
    rejected: int
    outcome: str
    variant: str = ""
    """Variant of the server: `asyncio` (without uvloop), or empty. Only runs without a variant have
    bars.
    """

    @property
    def ratio(self) -> float:
        return self.cpu / self.bare_cpu

    @property
    def per_core(self) -> int:
        return round(100 / self.cpu)


@dataclass(frozen=True, slots=True)
class Report:
    runs: list[Creators]

    @property
    def bars(self) -> list[Bar]:
        runs = [
            run for run in self.runs if not run.variant
        ]  # the others are reported without a bar
        bars = [
            Bar(
                f"creators a core at {run.kbps / 1000:.1f} Mbps",
                run.per_core,
                PER_CORE,
                "",
                least=True,
            )
            for run in runs
            if run.kbps < 1_500
        ]
        return bars + [
            Bar(
                f"memory a room beyond its window at {run.kbps / 1000:.1f} Mbps",
                run.memory - run.window,
                ROOM_MB,
                "MB",
            )
            for run in runs
        ]

    def as_json(self) -> dict[str, Any]:
        runs = [
            {**asdict(run), "ratio": round(run.ratio, 2), "per_core": run.per_core}
            for run in self.runs
        ]
        return {
            "runs": runs,
            "bars": [bar.as_json() for bar in self.bars],
        }


async def measure(
    folder: Path,
    creators: int,
    seconds: float,
    cores: tuple[int, int],
    *,
    progress: Callable[[str], None],
) -> Report:
    """Measures each bitrate with its own server. The server uses the first core, the creators use
    the second. Measures the lowest bitrate again without uvloop.
    """
    bench = _Bench(folder, creators, seconds, cores, progress)
    return Report(
        [
            *[await bench.measure(kbps) for kbps in BITRATES],
            await bench.measure(min(BITRATES), "asyncio", "--event-loop=asyncio"),
        ]
    )


@dataclass(frozen=True, slots=True)
class _Bench:
    folder: Path
    creators: int
    seconds: float
    cores: tuple[int, int]
    progress: Callable[[str], None]

    async def measure(self, kbps: int, variant: str = "", *options: str) -> Creators:
        """Measures a server with these `options` and creators with the bitrate `kbps`."""
        self.progress(f"{self.creators} creators at {kbps} kbps {variant}".strip())
        folder = self.folder / f"{kbps}{variant}"
        async with pinned_server(
            folder / "data", self.cores[0], *SERVER_OPTIONS, *options
        ) as server:
            words, within = load_words(1, kbps, 3)
            alone = await run_load(
                folder / "alone", self.cores[1], server.url, *words, within=within
            )
            words, within = load_words(self.creators, kbps, self.seconds)
            load = await run_load(folder / "all", self.cores[1], server.url, *words, within=within)
        return _creators(self.creators, variant, load, alone, self.seconds, self.cores[0])


def _creators(
    creators: int,
    variant: str,
    load: dict[str, Any],
    alone: dict[str, Any],
    seconds: float,
    core: int,
) -> Creators:
    figures, extra = load["figures"], load["extra"]
    sent_for = seconds + RAMP / 2
    rate = extra["packets"] / creators / sent_for
    size = round(extra["sent_bytes"] / extra["packets"])
    sample = [size] * 4_000
    bare = unprotect_seconds(sample, core) / len(sample)
    one = alone["figures"]["server_cpu"]
    return Creators(
        creators=creators,
        kbps=load["clip_kbps"],
        cpu=(figures["server_cpu"] - one) / (creators - 1),
        bare_cpu=rate * bare * 100,
        memory=(figures["server_memory"] - alone["figures"]["server_memory"]) / (creators - 1),
        window=load["clip_kbps"] / 8_000 * sent_for,
        rejected=int(figures["creator_failures"] + figures["creator_disconnects"]),
        outcome=load["outcome"],
        variant=variant,
    )
