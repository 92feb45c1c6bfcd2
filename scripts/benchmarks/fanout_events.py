"""Measures the cost of events. Compares runs with events and runs without events. The runs form
pairs, and the order within the pairs alternates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from scripts.benchmarks.fanout import load_words, server_options
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import LoadFailed, run_load
from scripts.benchmarks.local_server import ServerFailed, pinned_server
from scripts.benchmarks.paired import (
    Case,
    Comparison,
    NotMeasured,
    comparisons,
    measure_pairs,
)

CPU, P99 = 1.10, 1.20
"""Maximum ratio of a run with events to a run without events: for the server's CPU (`CPU`), and for
the 99th percentile of the delay (`P99`).
"""
ENOUGH = 0.9
"""Minimum share of the posted events that the viewers must receive in the measured seconds. In
addition, the event numbers that a viewer receives must have no gap.
"""


@dataclass(frozen=True, slots=True)
class Report:
    comparisons: list[Comparison]
    lost: dict[str, float]
    """Number of losses in each case. Missed events, missed media records and disconnects are
    losses. If the viewers got fewer events than ENOUGH requires, the difference counts too.
    """
    missing: list[str]
    """Names of the cases with too few valid pairs of runs."""

    @property
    def bars(self) -> list[Bar]:
        return [
            *(
                Bar(f"{each.kind}, {each.case}", median(each.changes), each.bar, "×")
                for each in self.comparisons
                if each.bar is not None
            ),
            *(Bar(f"lost, {case}", lost, 0, "") for case, lost in self.lost.items()),
            *(Bar(f"pairs missing: {name}", 1, 0, "") for name in self.missing),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "comparisons": [each.as_json() for each in self.comparisons],
            "lost": self.lost,
            "missing": self.missing,
        }


async def measure(
    folder: Path,
    sizes: list[int],
    rate: int,
    seconds: float,
    pairs: int,
    cores: tuple[int, int],
    *,
    progress: Callable[[str], None],
) -> Report:
    """Measures each audience size with and without events, in pairs of runs. The load generator
    finds missed events by the sequence numbers that each viewer receives.
    """
    viewers = {Case(f"{size} viewers", ("cpu", "p99")): size for size in sizes}
    lost = {case.name: 0.0 for case in viewers}
    numbers = count()

    async def run(case: Case, with_events: bool) -> dict[str, float]:
        own = folder / str(next(numbers))
        module = ("scripts.benchmarks.event_server", str(rate if with_events else 0))
        size = viewers[case]
        words, within = load_words(size, seconds)
        try:
            async with pinned_server(
                own / "data", cores[0], *server_options(size), module=module
            ) as server:
                load = await run_load(own / "load", cores[1], server.url, *words, within=within)
        except (LoadFailed, ServerFailed) as error:
            raise NotMeasured(str(error)) from error
        if load["outcome"] != "fine":
            raise NotMeasured(", ".join(load["reasons"]) or str(load["outcome"]))
        figures, extra = load["figures"], load["extra"]
        due = ENOUGH * rate * seconds * size if with_events else 0.0
        lost[case.name] += (
            extra.get("event_gaps", 0)
            + figures["gaps"]
            + figures["disconnects"]
            + max(0.0, due - extra.get("events", 0))
        )
        return {"cpu": figures["server_cpu"], "p99": figures["p99"]}

    cases = list(viewers)
    measured = await measure_pairs(cases, pairs, run, progress)
    return Report(
        comparisons(cases, measured, {"cpu": CPU, "p99": P99}),
        lost,
        [f"{name}: {len(done)} of {pairs}" for name, done in measured.items() if len(done) < pairs],
    )
