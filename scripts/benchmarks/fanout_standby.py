"""Measures the cost of viewers on standby, compared with viewers that play."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from scripts.benchmarks.fanout import load_words, server_options
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import pinned_server

SHARE = 5.0
"""Maximum CPU of a viewer on standby, % of the CPU of a viewer that plays."""
EVENTS = 5
"""Events per second, of 150 bytes each: chat and hearts of a lively room."""


@dataclass(frozen=True, slots=True)
class Round:
    """The server's CPU for the same number of viewers, % of one core."""

    viewers: int
    alone: float
    """With one viewer that plays."""
    idle: float
    """With one viewer on standby. For such viewers alone, the server writes no media."""
    playing: float
    standby: float
    memory: float
    """Memory of the server per viewer on standby, KB."""
    kbps: float
    """Bit rate of one viewer on standby, kbps."""
    disconnects: float
    outcomes: tuple[str, ...]

    @property
    def share(self) -> float:
        """CPU of a viewer on standby, % of the CPU of a viewer that plays."""
        return (self.standby - self.idle) / (self.playing - self.alone) * 100


@dataclass(frozen=True, slots=True)
class Report:
    rounds: list[Round]

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar(
                f"CPU of a standby at {size}, of a playing viewer's",
                median(each.share for each in rounds),
                SHARE,
                "%",
            )
            for size, rounds in self._by_size().items()
        ] + [
            Bar(f"disconnects at {size}", sum(each.disconnects for each in rounds), 0, "")
            for size, rounds in self._by_size().items()
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "events": EVENTS,
            "rounds": [
                {
                    "viewers": each.viewers,
                    "alone": each.alone,
                    "idle": each.idle,
                    "playing": each.playing,
                    "standby": each.standby,
                    "share": round(each.share, 2),
                    "memory": each.memory,
                    "kbps": each.kbps,
                    "outcomes": each.outcomes,
                }
                for each in self.rounds
            ],
            "bars": [bar.as_json() for bar in self.bars],
        }

    def _by_size(self) -> dict[int, list[Round]]:
        sizes = dict.fromkeys(each.viewers for each in self.rounds)
        return {size: [each for each in self.rounds if each.viewers == size] for size in sizes}


async def measure(
    folder: Path,
    sizes: list[int],
    seconds: float,
    rounds: int,
    cores: tuple[int, int],
    *,
    progress: Callable[[str], None],
) -> Report:
    """Measures each audience size `rounds` times, each time with its own server."""
    done = []
    for size in sizes:
        for number in range(rounds):
            progress(f"{size} viewers, round {number + 1} of {rounds}")
            done.append(await _round(folder / f"{size}-{number}", size, seconds, cores))
    return Report(done)


async def _round(folder: Path, viewers: int, seconds: float, cores: tuple[int, int]) -> Round:
    module = ("scripts.benchmarks.event_server", str(EVENTS))
    async with pinned_server(
        folder / "data", cores[0], *server_options(viewers), module=module
    ) as server:

        async def run(name: str, number: int, *path: str) -> dict[str, Any]:
            words, within = load_words(number, seconds)
            return await run_load(folder / name, cores[1], server.url, *words, *path, within=within)

        alone = await run("alone", 1)
        idle = await run("idle", 1, "--path", "standby")
        standby = await run("standby", viewers, "--path", "standby")
        playing = await run("playing", viewers)
    loads = (alone, idle, playing, standby)
    figures = [load["figures"] for load in loads]
    cpu = [each["server_cpu"] for each in figures]
    return Round(
        viewers,
        alone=cpu[0],
        idle=cpu[1],
        playing=cpu[2],
        standby=cpu[3],
        memory=(figures[3]["server_memory"] - figures[1]["server_memory"]) * 1_000 / viewers,
        kbps=figures[3]["received"] * 1_000 / viewers,
        disconnects=sum(each["disconnects"] for each in figures),
        outcomes=tuple(load["outcome"] for load in loads),
    )
