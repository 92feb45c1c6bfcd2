"""What creators cost: CPU and memory for each, beside bare `recvfrom` and SRTP unprotect of the
same packets.
"""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.yardstick import unprotect_seconds

BITRATES = (1_000, 2_500)
"""kbps of each creator, video and audio together."""
PER_CORE, ROOM_MB = 60, 5.0


@dataclass(frozen=True, slots=True)
class Creators:
    """Some creators at one bitrate."""

    creators: int
    kbps: float
    """Sent by each, as encoded."""
    cpu: float
    """Of one core, % for each creator, beyond the idle server."""
    bare_cpu: float
    """What `recvfrom` and unprotect of the same packets take, % for each creator."""
    memory: float
    """MB for each room."""
    window: float
    """MB of media that each room's window held at the end."""
    rejected: int
    outcome: str
    variant: str = ""
    """`asyncio` in place of uvloop; empty for what the bars are about."""

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
        ]  # the others are told, without a promise
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
            "bars": [
                {"name": bar.name, "value": bar.value, "limit": bar.limit, "kept": bar.kept}
                for bar in self.bars
            ],
        }


async def measure(
    folder: Path,
    creators: int,
    seconds: float,
    cores: tuple[int, int],
    *,
    progress: Callable[[str], None],
) -> Report:
    """Each bitrate with a server of its own on the first core and the creators on the second; the
    lowest again without uvloop.
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
        """Creators of one bitrate, at a server with these `options`."""
        self.progress(f"{self.creators} creators at {kbps} kbps {variant}".strip())
        folder = self.folder / f"{kbps}{variant}"
        (folder / "data").mkdir(parents=True)
        async with LocalServer(
            folder / "data",
            "--max-rooms-per-address-hour=1000",
            "--max-whip-per-address-minute=1000",
            *options,
        ) as server:
            os.sched_setaffinity(server.pid, {self.cores[0]})
            words = ("creators", "--ramp", "2", "--kbps", str(kbps))
            alone = await run_load(
                folder / "alone",
                self.cores[1],
                server.url,
                *words,
                "-n",
                "1",
                "--seconds",
                "3",
                within=10,
            )
            everybody = (*words, "-n", str(self.creators), "--seconds", str(self.seconds))
            load = await run_load(
                folder / "all", self.cores[1], server.url, *everybody, within=self.seconds + 4
            )
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
    sent_for = seconds + 1  # half of the two seconds in which they come
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
