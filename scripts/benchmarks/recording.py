"""Measures what recording costs the server: the same lives with and without recording, in pairs of
runs in alternating order.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.ingest import SERVER_OPTIONS
from scripts.benchmarks.load_run import LoadFailed, run_load
from scripts.benchmarks.local_server import ServerFailed, pinned_server
from scripts.benchmarks.paired import Case, NotMeasured, interval, measure_pairs, valid_pairs

KBPS = 2_500
"""Bitrate of each live, kbps."""
CPU_MOST, P99_MOST = 0.5, 1.1
"""Largest CPU that recording may use for each live, % of a core; largest ratio of the delay p99."""
RAMP = 3.0
"""Seconds in which all creators and viewers arrive."""
KINDS = ("cpu", "p99", "lost")


@dataclass(frozen=True, slots=True)
class Plan:
    lives: int
    seconds: float
    """Measured time of each run, seconds."""
    pairs: int
    cores: tuple[int, int]
    """The cores of the server and of the load generator."""

    @property
    def within(self) -> float:
        """Maximum duration of all runs, seconds. Invalid pairs are repeated."""
        return 4 * self.pairs * (RAMP + self.seconds + 60)


@dataclass(frozen=True, slots=True)
class Report:
    lives: int
    cpu: tuple[tuple[float, float], ...]
    """CPU of the server for each live without and with recording, % of a core, by pair."""
    p99: tuple[tuple[float, float], ...]
    """Delay p99 of the viewers without and with recording, ms, by valid pair. Empty if the load
    generator was late in all runs.
    """
    lost: int
    """Number of samples that are missing from the recordings of all runs."""
    recorded: float
    """Recorded media of each live in the last run, MB."""

    @property
    def costs(self) -> list[float]:
        """The CPU that recording uses for each live, % of a core, by pair."""
        return [after - before for before, after in self.cpu]

    @property
    def delays(self) -> list[float]:
        """The ratio of the delays with and without recording, by pair."""
        return [after / before for before, after in self.p99]

    @property
    def bars(self) -> list[Bar]:
        bars = [
            Bar("CPU of recording a live", median(self.costs), CPU_MOST, "%"),
            Bar("samples missing from recordings", self.lost, 0, ""),
        ]
        if self.p99:
            ratio = median(self.delays)
            bars.append(Bar("delay p99, of that without recording", ratio, P99_MOST, "×"))
        return bars

    def as_json(self) -> dict[str, Any]:
        return {
            "lives": self.lives,
            "kbps": KBPS,
            "cpu": self.cpu,
            "cost": {"median": median(self.costs), "interval": interval(self.costs)},
            "p99": self.p99,
            "lost": self.lost,
            "recorded_mb": self.recorded,
            "bars": [bar.as_json() for bar in self.bars],
        }


async def measure(folder: Path, plan: Plan, *, progress: Callable[[str], None]) -> Report:
    """Measures the costs of recording. Raises NotMeasured if too few runs are valid."""
    case = Case(f"{plan.lives} lives at {KBPS / 1_000:g} Mbps", KINDS)
    numbers = iter(range(1 << 30))
    recorded = 0.0

    async def run(_: Case, recording: bool) -> dict[str, float]:
        nonlocal recorded
        own = folder / str(next(numbers))
        own.mkdir()
        try:
            figures, size = await _run(own, plan, recording=recording)
        except (LoadFailed, ServerFailed) as error:
            raise NotMeasured(str(error)) from error
        recorded = size / plan.lives / 1_000_000 if recording else recorded
        return figures

    measured = (await measure_pairs([case], plan.pairs, run, progress))[case.name]
    if not measured:
        raise NotMeasured("no run was valid")
    cpu, p99, lost = (tuple(valid_pairs(measured, kind)) for kind in KINDS)
    return Report(plan.lives, cpu, p99, int(sum(after for _, after in lost)), recorded)


async def _run(folder: Path, plan: Plan, *, recording: bool) -> tuple[dict[str, float], float]:
    """Returns the figures of one run, and the size of the recorded media in bytes."""
    keep = f"--keep-replays={'day' if recording else 'no'}"
    words = ("mixed", "--rooms", str(plan.lives), "-n", str(plan.lives))
    calm = ("--swipe", "100000", "--stay", "100000", "--slow", "0", "--rude", "0", "--zipf", "0")
    times = ("--ramp", str(RAMP), "--seconds", str(plan.seconds), "--kbps", str(KBPS))
    async with pinned_server(
        folder / "data", plan.cores[0], *SERVER_OPTIONS, "--max-sockets-per-address=1000", keep
    ) as server:
        load = await run_load(
            folder / "load",
            plan.cores[1],
            server.url,
            *(*words, *calm, *times),
            within=RAMP + plan.seconds,
        )
        metrics = await _metrics(server.url)
    valid = load["outcome"] == "fine"
    if not valid and (load["outcome"] != "invalid" or load["extra"].get("late")):
        raise NotMeasured(", ".join(load["reasons"]) or str(load["outcome"]))
    figures = load["figures"]
    return {
        "cpu": figures["server_cpu"] / plan.lives,
        # If the generator was late but sent all frames, the CPU is valid, but the delay is not.
        "p99": figures["p99"] if valid else math.nan,
        "lost": metrics["microlive_recording_lost_samples_total"],
    }, metrics["microlive_recorded_bytes_total"]


async def _metrics(url: str) -> dict[str, float]:
    """Returns the metrics without labels."""
    async with aiohttp.ClientSession() as http, http.get(f"{url}/metrics") as response:
        response.raise_for_status()
        lines = (await response.text()).splitlines()
    values = (line.split() for line in lines if not line.startswith("#") and "{" not in line)
    return {name: float(value) for name, value in values}
