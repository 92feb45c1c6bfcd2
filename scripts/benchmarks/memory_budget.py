"""Compares two servers: one has a memory budget that is too small for full windows, and one has no
memory budget.
"""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import LocalServer
from scripts.loadgen.machine import resident_bytes

KBPS = 2_500
RATIO, MORE_MS = 1.2, 5.0
RAMP = 10
GRACE = 5
"""Seconds until a room ends after its creator has left."""
BACK_WITHIN = 30.0
"""Maximum time from the end of the load until the server has returned its memory, seconds."""
BACK_RATIO, BACK_MB = 1.1, 20.0
UNBOUNDED = "16GiB"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one run. Each run has its own server."""

    budget: str
    """Value of --memory."""
    p50: float
    p99: float
    """99th percentile of the delay from publishing to the arrival at a viewer, ms."""
    gaps: int
    lost: int
    """Number of creators that failed or lost their connection."""
    cpu: float
    """CPU of the server, % of one core."""
    before: float
    most: float
    after: float
    """Resident memory of the server, MB: before the load (`before`), the maximum during the load
    (`most`), and BACK_WITHIN seconds after the load (`after`).
    """
    outcome: str


@dataclass(frozen=True, slots=True)
class Report:
    megabytes: float
    """The budget of the limited run, MB."""
    limited: Run
    unbounded: Run

    @property
    def runs(self) -> list[Run]:
        return [self.unbounded, self.limited]

    @property
    def bars(self) -> list[Bar]:
        limited, unbounded = self.limited, self.unbounded
        return [
            Bar("resident memory under the budget, most", limited.most, self.megabytes, "MB"),
            Bar("creators lost under the budget", limited.lost, 0, ""),
            Bar(
                f"p99 under the budget ({RATIO} × the unbounded run, or {MORE_MS:.0f} ms more)",
                limited.p99,
                max(RATIO * unbounded.p99, unbounded.p99 + MORE_MS),
                "ms",
            ),
            *[
                Bar(
                    f"resident memory {BACK_WITHIN:.0f} s after the load, --memory {run.budget}",
                    run.after,
                    BACK_RATIO * run.before + BACK_MB,
                    "MB",
                )
                for run in self.runs
            ],
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "runs": [asdict(run) for run in self.runs],
            "bars": [bar.as_json() for bar in self.bars],
        }


async def measure(
    folder: Path,
    megabytes: int,
    creators: int,
    seconds: float,
    cores: tuple[int, int],
    *,
    progress: Progress,
) -> Report:
    """Measures a run without a budget, then a run with a budget of `megabytes` MiB."""
    found = []
    for budget in (UNBOUNDED, f"{megabytes}MiB"):
        progress(f"{creators} creators at {KBPS} kbps, --memory {budget}")
        found.append(await _measure(folder / budget, budget, creators, seconds, cores))
        progress(f"  most {found[-1].most:.0f} MB, p99 {found[-1].p99:.1f} ms")
    unbounded, limited = found
    return Report(megabytes * 1_048_576 / 1e6, limited, unbounded)


async def _measure(
    folder: Path, budget: str, creators: int, seconds: float, cores: tuple[int, int]
) -> Run:
    (folder / "data").mkdir(parents=True)
    options = (
        f"--memory={budget}",
        f"--away-grace={GRACE}",
        "--max-load=1",
        "--max-rooms-per-address-hour=100000",
        "--max-whip-per-address-minute=100000",
    )
    number = str(creators)
    crowd = (
        *("--rooms", number, "-n", number, "--kbps", str(KBPS), "--ramp", str(RAMP)),
        *("--swipe", "0", "--stay", "0", "--slow", "0", "--rude", "0", "--zipf", "0"),
        *("--seconds", str(seconds)),
    )
    async with LocalServer(folder / "data", *options) as server:
        os.sched_setaffinity(server.pid, {cores[0]})
        # Run two creators first, so that the server loads its libraries. The memory of the
        # libraries is not part of the measurement.
        first = ("creators", "-n", "2", "--ramp", "1", "--seconds", "2")
        await run_load(folder / "first", cores[1], server.url, *first, within=3)
        before = resident_bytes(server.pid) / 1e6
        load = await run_load(
            folder / "load", cores[1], server.url, "mixed", *crowd, within=seconds + RAMP
        )
        await asyncio.sleep(BACK_WITHIN)
        after = resident_bytes(server.pid) / 1e6
    figures = load["figures"]
    return Run(
        budget=budget,
        p50=figures["p50"],
        p99=figures["p99"],
        gaps=int(figures["gaps"]),
        lost=int(figures["creator_failures"] + figures["creator_disconnects"]),
        cpu=figures["server_cpu"],
        before=before,
        most=_most(folder / "load" / "samples.jsonl"),
        after=after,
        outcome=load["outcome"],
    )


def _most(samples: Path) -> float:
    """Returns the maximum resident memory of the server during the load, MB."""
    lines = [json.loads(line) for line in samples.read_text().splitlines()]
    return max(float(line["server_memory"]) for line in lines if line["server_memory"]) / 1e6
