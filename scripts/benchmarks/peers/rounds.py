"""The order of the runs, and the values that they gave. Pure."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from scripts.benchmarks.peers.kinds import CASES, Case

GENERATOR_MOST = 0.9
"""Largest share of its core that the load generator may use. Above this share, a run says more
about the generator than about the server.
"""


class RunInvalid(Exception):
    """Raised if a run could not be measured. The text gives the reason."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one case on one server."""

    figures: Mapping[str, float]
    """Values by kind."""
    generator: float
    """Share of its core that the generator used, 0 to 1."""
    generator_core: float
    """Share of this core that was busy, 0 to 1. Other programs may use the core too."""
    others: float
    """Share of the server's core that other programs used, 0 to 1."""


Measure = Callable[[Case, str], Awaitable[Run]]
"""A function that runs a case on the server with this title. It may raise RunInvalid."""


@dataclass(frozen=True, slots=True)
class Range:
    """The median and the extremes of a figure over all valid runs."""

    median: float
    least: float
    most: float


@dataclass(slots=True)
class Measured:
    """The valid runs by server and case, and why others were not valid."""

    runs: dict[tuple[str, str], list[Run]] = field(default_factory=dict)
    invalid: list[str] = field(default_factory=list)

    def of(self, server: str, case: str) -> list[Run]:
        return self.runs.setdefault((server, case), [])

    def range_of(self, server: str, kind: str) -> Range | None:
        """Returns the range of one kind of figure, or None without a valid run."""
        values = [
            run.figures[kind]
            for (name, case), runs in self.runs.items()
            for run in runs
            if name == server and kind in CASES[case].kinds
        ]
        return Range(median(values), min(values), max(values)) if values else None

    @property
    def generator(self) -> float:
        """The largest share of its core that the generator used in a valid run."""
        return max((run.generator for runs in self.runs.values() for run in runs), default=0.0)

    @property
    def others(self) -> float:
        """The largest share of the server's core that other programs used in a valid run."""
        return max((run.others for runs in self.runs.values() for run in runs), default=0.0)


def turn(servers: Sequence[str], number: int) -> list[str]:
    """Returns the order of the servers in round `number`. Each round begins with another server."""
    first = number % len(servers)
    return [*servers[first:], *servers[:first]]


async def measure_rounds(
    servers: Sequence[str],
    cases: Sequence[Case],
    rounds: int,
    measure: Measure,
    progress: Callable[[str], None],
    *,
    disturbed: bool = False,
) -> Measured:
    """Runs each case on each server in `rounds` rounds. Within a round, a case runs on all servers
    one after the other. Repeats an invalid run in a later round; there are at most 2 × `rounds`
    rounds. `disturbed`: whether other programs may use the generator's core too.
    """
    measured = Measured()
    for number in range(2 * rounds):
        for case in cases:
            for server in turn(servers, number):
                done = measured.of(server, case.name)
                if len(done) >= rounds:
                    continue
                what = f"round {number + 1}, {case.name}, {server}"
                progress(what)
                try:
                    run = await measure(case, server)
                    busy = run.generator if disturbed else run.generator_core
                    if busy > GENERATOR_MOST:
                        raise RunInvalid(f"the generator's core was {busy:.0%} busy")
                except RunInvalid as error:
                    progress(f"  invalid: {error}")
                    measured.invalid.append(f"{what}: {error}")
                    continue
                done.append(run)
                progress(f"  {_line(run)}")
    return measured


def _line(run: Run) -> str:
    figures = ", ".join(f"{kind} {value:.4g}" for kind, value in run.figures.items())
    cores = f"generator {run.generator:.0%}, its core {run.generator_core:.0%}"
    return f"{figures}; {cores}, others {run.others:.0%}"
