"""Figures of an attack and of the quiet run before the attack, and the bars that the figures must
meet. Pure.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from scripts.benchmarks.figures import Bar

P99_RATIO, P99_MORE_MS = 1.2, 5.0
"""Factor and margin in ms for the media p99 during an attack. The limit is the larger of two
values: the p99 of the quiet run times the factor, and the p99 of the quiet run plus the margin.
"""
GAP_MS, HEALTH_MS = 100.0, 50.0
MEMORY_RATIO, MEMORY_MORE_MB = 1.1, 20.0
"""Maximum memory of the server after an attack: MEMORY_RATIO times the memory before the attack,
plus MEMORY_MORE_MB.
"""
STOPPED_WITHIN = 3.5
"""Maximum time until the attacker is stopped, seconds: 3 s plus the time between two samples of the
server's counters.
"""
HARMLESS_CPU = 10.0
"""Maximum CPU cost at which an attack counts as harmless, % of one core. The server need not stop a
harmless attack.
"""
LATE_MS = 5.0
"""Maximum 99th percentile of the control reader's lateness, ms. Above this limit, the reader would
mainly measure its own delay.
"""
WAITED = 10.0
"""Maximum share of a run during which the server may wait for its core, %. A larger share means
that another program used this core.
"""
SHOWN = 3
"""Maximum number of notes that the table shows for one attack."""

DEFENCE = re.compile(
    r"refus|reject|limit|slow|let_go|cut|shed|thrott|denied|expire|fail|block|budget|excess|drop"
    r"|evict|unverified|overload|charged|displac|ignored|delayed|ended"
    r"|withheld|consent"
)
"""Matches the names of counters that grow when the server refuses, slows or ends something."""


@dataclass(frozen=True, slots=True)
class Felt:
    """What the other users noticed in one run, measured by the control reader."""

    media_p50: float
    media_p99: float
    """99th percentile of the delay from the capture of a frame to its arrival at a viewer, ms."""
    gap: float
    """Longest time between two messages at one viewer, ms."""
    health_p50: float
    health_p99: float
    """99th percentile of the response time of `GET /healthz`, ms."""
    late: float
    """99th percentile of the lateness of the control reader's timers, ms."""
    lost: int
    """Number of viewers that lost their connection."""
    frames: float
    """Mean number of video frames that a viewer received per second."""


@dataclass(frozen=True, slots=True)
class Side:
    """The results of one run: what the other users noticed, and how much CPU the server used."""

    felt: Felt
    cpu: float
    """CPU of the server, % of one core."""
    waited: float
    """Share of the run during which the server was ready to run but waited for its core, %."""

    @property
    def problem(self) -> str:
        """Reason why the run is invalid; empty if the run is valid."""
        if not self.felt.late <= LATE_MS:
            return f"the control reader was {self.felt.late:.1f} ms late"
        if not self.waited <= WAITED:
            return f"the server waited {self.waited:.0f} % of the time for its core"
        return ""


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the server and its child processes, MB."""

    before: float
    peak: float
    after: float
    """Memory at the moment when it fell below its limit. If memory never fell below the limit:
    memory 30 s after the attack.
    """
    back: float
    """Seconds from the end of the attack until memory fell below its limit; infinity if memory
    never fell below the limit.
    """

    @property
    def limit(self) -> float:
        return MEMORY_RATIO * self.before + MEMORY_MORE_MB


@dataclass(frozen=True, slots=True)
class Note:
    """A reaction of the server to the attacker."""

    what: str
    """The kind of reaction: a text like `refused: HTTP 429`, or the name of a counter."""
    at: float
    """Time of the first occurrence, seconds since the attack began."""
    count: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A quiet run and a run with the attack, on the same server."""

    quiet: Side
    attack: Side
    memory: Memory
    notes: tuple[Note, ...]
    """The server's reactions to the attacker, earliest reaction first."""
    sent: Mapping[str, float]
    """What the attacker sent, by name."""
    demands: tuple[Bar, ...]
    """Additional bars of this attack."""

    @property
    def problem(self) -> str:
        """Reason why the pair is invalid; empty if the pair is valid."""
        return self.quiet.problem or self.attack.problem

    @property
    def share(self) -> float:
        """The media p99 during the attack, divided by the limit of the media p99."""
        quiet = self.quiet.felt.media_p99
        return self.attack.felt.media_p99 / max(P99_RATIO * quiet, quiet + P99_MORE_MS)

    @property
    def stopped(self) -> float:
        """Seconds until the server slowed, refused or ended the attacker; infinity if the server
        did nothing; 0 for a harmless attack, whose CPU and memory are below their limits.
        """
        if self.harmless:
            return 0.0
        return min((note.at for note in self.notes), default=math.inf)

    @property
    def harmless(self) -> bool:
        more = self.attack.cpu - self.quiet.cpu
        return more <= HARMLESS_CPU and self.memory.peak <= self.memory.limit

    @property
    def fate(self) -> str:
        """A short description of the server's reaction to the attacker."""
        verdict = ["harmless"] if self.harmless else [] if self.notes else ["SERVED"]
        return "; ".join(
            verdict
            + [f"{note.what} at {note.at:.1f} s ({note.count})" for note in self.notes[:SHOWN]]
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "quiet": asdict(self.quiet),
            "attack": asdict(self.attack),
            "memory": asdict(self.memory),
            "notes": [asdict(note) for note in self.notes],
            "sent": dict(self.sent),
            "demands": [bar.as_json() for bar in self.demands],
            "harmless": self.harmless,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """All valid pairs of one attack."""

    name: str
    finding: str
    title: str
    pairs: tuple[Pair, ...]
    invalid: int
    """Number of invalid pairs. The list `pairs` does not contain the invalid pairs."""
    problem: str = ""
    """Reason why the attack could not be measured."""

    @property
    def bars(self) -> list[Bar]:
        if not self.pairs:
            return []
        pairs = self.pairs
        bars = [
            Bar("media p99, share of its limit", median(pair.share for pair in pairs), 1.0, "×"),
            Bar("longest gap", median(pair.attack.felt.gap for pair in pairs), GAP_MS, "ms"),
            Bar(
                "/healthz p99",
                median(pair.attack.felt.health_p99 for pair in pairs),
                HEALTH_MS,
                "ms",
            ),
            Bar(
                "memory after 30 s, share of its limit",
                median(pair.memory.after / pair.memory.limit for pair in pairs),
                1.0,
                "×",
            ),
            Bar("attacker stopped", median(pair.stopped for pair in pairs), STOPPED_WITHIN, "s"),
            Bar("viewers lost", max(pair.attack.felt.lost for pair in pairs), 0, ""),
        ]
        return bars + [worst(each) for each in zip(*(pair.demands for pair in pairs), strict=False)]

    @property
    def missed(self) -> list[Bar]:
        return [bar for bar in self.bars if not bar.kept]

    @property
    def disturbed(self) -> bool:
        """Whether other programs disturbed a pair."""
        return any(pair.problem for pair in self.pairs)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "finding": self.finding,
            "title": self.title,
            "pairs": [pair.as_json() for pair in self.pairs],
            "invalid": self.invalid,
            "disturbed": self.disturbed,
            "problem": self.problem,
            "bars": [bar.as_json() for bar in self.bars],
        }


@dataclass(frozen=True, slots=True)
class Report:
    results: tuple[Result, ...]

    @property
    def missing(self) -> list[str]:
        """Attacks without a valid pair, each with the reason."""
        return [f"{result.name}: {result.problem}" for result in self.results if not result.pairs]

    @property
    def missed(self) -> list[tuple[str, Bar]]:
        return [(result.name, bar) for result in self.results for bar in result.missed]

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": [result.as_json() for result in self.results],
            "missing": self.missing,
            "missed": [f"{name}: {bar.name}" for name, bar in self.missed],
        }


def worst(bars: Sequence[Bar]) -> Bar:
    """Returns the bar with the worst value. All bars have the same name and limit."""
    pick = min if bars[0].least else max
    return pick(bars, key=lambda bar: math.inf if math.isnan(bar.value) else bar.value)


def moved_counters(
    quiet: Mapping[str, float], samples: Sequence[tuple[float, Mapping[str, float]]]
) -> list[Note]:
    """Returns the counters of the server's defence that grew more than in the quiet run.

    `quiet`: growth of each counter in the quiet run. `samples`: pairs of the time since the attack
    began, seconds, and the value of each counter at this time. The first sample was taken before
    the attack.
    """
    if not samples:
        return []
    base, last = samples[0][1], samples[-1][1]
    notes = []
    for name in sorted(last):
        usual = base.get(name, 0.0) + 1.5 * quiet.get(name, 0.0)
        if last[name] <= usual or not DEFENCE.search(name):
            continue
        at = next(at for at, values in samples if values.get(name, 0.0) > usual)
        notes.append(Note(name, at, round(last[name] - base.get(name, 0.0))))
    return notes
