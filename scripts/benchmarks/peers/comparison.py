"""The result of a comparison: cells of the table, bars, and where microlive is behind. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.peers.kinds import CASES, KINDS, TARGETS, Target
from scripts.benchmarks.peers.plan import Plan
from scripts.benchmarks.peers.rounds import Measured, Range


@dataclass(frozen=True, slots=True)
class Subject:
    """A server that was compared."""

    title: str
    key: str
    """Key of the peer, or `microlive`."""
    version: str

    @property
    def ours(self) -> bool:
        return self.key == "microlive"


@dataclass(frozen=True, slots=True)
class Behind:
    """A figure in which a peer is better than every microlive that was compared."""

    kind: str
    ours: Range
    peer: str
    theirs: Range


@dataclass(frozen=True, slots=True)
class Comparison:
    subjects: tuple[Subject, ...]
    plan: Plan
    measured: Measured
    machine: str
    """The machine, in words."""
    date: str

    @property
    def kinds(self) -> list[str]:
        """Kinds of the figures that the plan measures, in the order of the table."""
        planned = {kind for case in self.plan.cases for kind in CASES[case].kinds}
        return [kind for kind in KINDS if kind in planned]

    def cell(self, title: str, kind: str) -> str:
        """Returns the median, with the range in brackets."""
        found = self.measured.range_of(title, kind)
        return "invalid" if found is None else show(found, kind)

    def best(self, kind: str) -> list[str]:
        """Returns the titles of the servers with the best median of this kind, or an empty list if
        all servers have it.
        """
        medians = {
            subject.title: found.median
            for subject in self.subjects
            if (found := self.measured.range_of(subject.title, kind)) is not None
        }
        pick = max if KINDS[kind].more else min
        best = pick(medians.values(), default=None)
        titles = [title for title, value in medians.items() if value == best]
        return titles if len(titles) < len(medians) else []

    @property
    def bars(self) -> list[Bar]:
        return [bar for target in TARGETS if (bar := self._bar(target)) is not None]

    @property
    def behind(self) -> list[Behind]:
        found = []
        for kind in self.kinds:
            ours = self._best(kind, [subject for subject in self.subjects if subject.ours])
            theirs = self._best(kind, [subject for subject in self.subjects if not subject.ours])
            if ours and theirs and _better(kind, theirs[1].median, ours[1].median):
                found.append(Behind(kind, ours[1], *theirs))
        return found

    @property
    def missing(self) -> list[str]:
        """Names of the figures without a valid run."""
        return [
            f"{subject.title}, {case}"
            for case in self.plan.cases
            for subject in self.subjects
            if not self.measured.of(subject.title, case)
        ]

    def _best(self, kind: str, subjects: Sequence[Subject]) -> tuple[str, Range] | None:
        """Returns the title and the range of the subject with the best median."""
        found = [
            (subject.title, values)
            for subject in subjects
            if (values := self.measured.range_of(subject.title, kind)) is not None
        ]
        pick = max if KINDS[kind].more else min
        return pick(found, key=lambda each: each[1].median) if found else None

    def _bar(self, target: Target) -> Bar | None:
        """Returns the bar of a target, or None if there are no values for it."""
        kind = KINDS[target.kind]
        ours = self._best(target.kind, [subject for subject in self.subjects if subject.ours])
        peers = [
            subject
            for subject in self.subjects
            if not subject.ours and (target.among is None or subject.key in target.among)
        ]
        theirs = self._best(target.kind, peers)
        if ours is None or theirs is None:
            return None
        title, best = theirs
        limit = best.median * target.lead if kind.more else best.median / target.lead
        lead = "" if target.lead == 1 else f"{target.lead:g} × "
        name = f"{kind.title}, beside {lead}{title}"
        return Bar(name, ours[1].median, limit, kind.unit, least=kind.more)

    def as_json(self) -> dict[str, Any]:
        return {
            "date": self.date,
            "machine": self.machine,
            "plan": asdict(self.plan),
            "servers": [asdict(subject) for subject in self.subjects],
            "figures": {
                kind: {
                    subject.title: asdict(found) if found else None
                    for subject in self.subjects
                    for found in [self.measured.range_of(subject.title, kind)]
                }
                for kind in self.kinds
            },
            "runs": [
                {"server": server, "case": case, **asdict(run)}
                for (server, case), runs in self.measured.runs.items()
                for run in runs
            ],
            "invalid": self.measured.invalid,
            "behind": [asdict(each) for each in self.behind],
            "bars": [bar.as_json() for bar in self.bars],
        }


def _better(kind: str, one: float, other: float) -> bool:
    return one > other if KINDS[kind].more else one < other


def show(values: Range, kind: str) -> str:
    """Returns a median and its range as text, such as `120 (110–131)`."""
    middle, least, most = (
        f"{value:.{KINDS[kind].digits}f}" for value in (values.median, values.least, values.most)
    )
    return middle if least == most else f"{middle} ({least}–{most})"
