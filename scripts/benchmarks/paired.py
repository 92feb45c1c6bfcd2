"""Compares two revisions of the server in pairs of runs. This module contains the order of the runs
and the statistics. It uses no clock and starts no process.
"""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import Any

CONFIDENCE = 0.95
Figures = Mapping[str, float]
"""The measured values of one run. Each key is the name of a kind of figure, such as `cpu`. An
invalid value is NaN.
"""


class NotMeasured(Exception):
    """Raised if the figures of a run say nothing about the server, for example because the load
    generator was too slow.
    """


class Scale(Enum):
    """The way in which two values are compared: by their ratio or by their difference."""

    RATIO = "×"
    DIFFERENCE = "+"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of figure, with its unit, its comparison and its default bar."""

    title: str
    unit: str
    scale: Scale
    bar: float | None
    """Largest allowed ratio, or largest allowed difference in `unit`. None if the figure has no
    bar.
    """


KINDS = {
    "cpu": Kind("CPU", "%", Scale.RATIO, 1.05),
    "p99": Kind("delay p99", "ms", Scale.RATIO, 1.15),
    "glass": Kind("glass to glass p50", "ms", Scale.DIFFERENCE, 5.0),
    "lost": Kind("lost", "", Scale.DIFFERENCE, None),
}


class Verdict(Enum):
    KEPT = "kept"
    """The bar is met: the whole confidence interval is at or below the bar."""
    UNDECIDED = "kept, undecided"
    """The result is undecided: the bar lies inside the confidence interval."""
    MISSED = "MISSED"
    """The bar is missed: the whole confidence interval is above the bar."""
    SHOWN = ""
    """The figure has no bar, so it is shown without a verdict."""


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Returns the 95 % confidence interval of the median of the population from which `values` are
    drawn.

    The interval is valid for every distribution. The ends of the interval are two of the sorted
    values, chosen by the binomial distribution with p = 1/2. For 9 values, the ends are the second
    and the eighth value (96.1 %). For fewer than 6 values, the interval is infinite.
    """
    ordered, count = sorted(values), len(values)
    cut, tail = 0, 0.0
    while True:
        tail += math.comb(count, cut) / 2**count
        if 2 * tail > 1 - CONFIDENCE:
            break
        cut += 1
    return (ordered[cut - 1], ordered[-cut]) if cut else (-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All values of one kind of figure in one case. `before` contains the values of the old
    revision, `after` the values of the new revision. Each pair of runs has one value in `before`
    and one value in `after`.
    """

    case: str
    kind: str
    bar: float | None
    before: tuple[float, ...]
    after: tuple[float, ...]

    @property
    def changes(self) -> list[float]:
        """The change from `before` to `after` in each pair. The kind of figure determines whether
        the change is a ratio or a difference.
        """
        pairs = zip(self.before, self.after, strict=True)
        if KINDS[self.kind].scale is Scale.DIFFERENCE:
            return [after - before for before, after in pairs]
        return [after / before if before else math.inf for before, after in pairs]

    @property
    def verdict(self) -> Verdict:
        low, high = interval(self.changes)
        if self.bar is None:
            return Verdict.SHOWN
        if low > self.bar:
            return Verdict.MISSED
        return Verdict.KEPT if high <= self.bar else Verdict.UNDECIDED

    def as_json(self) -> dict[str, Any]:
        low, high = interval(self.changes)
        return {
            "case": self.case,
            "figure": self.kind,
            "unit": KINDS[self.kind].unit,
            "before": list(self.before),
            "after": list(self.after),
            "change": KINDS[self.kind].scale.name.lower(),
            "median": median(self.changes),
            "interval": [
                low if math.isfinite(low) else None,
                high if math.isfinite(high) else None,
            ],
            "bar": self.bar,
            "verdict": self.verdict.value,
        }


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement that is made on both revisions, such as the fan-out to 500 viewers."""

    name: str
    kinds: tuple[str, ...]
    """Names of the kinds of figure that a run of this case returns."""


Measure = Callable[[Case, bool], Awaitable[Figures]]
"""A function that runs a case and returns its figures. The function runs the new revision if the
second argument is true, otherwise the old revision. The function may raise NotMeasured.
"""


async def measure_pairs(
    cases: Sequence[Case], pairs: int, measure: Measure, progress: Callable[[str], None]
) -> dict[str, list[tuple[Figures, Figures]]]:
    """Measures each case in pairs of runs, one run with each revision. The order alternates: A B,
    B A, A B …

    Returns the figures of each case as pairs (before, after). Repeats each case until all its
    figures are valid in `pairs` pairs, but at most 2 × `pairs` times.
    """
    found: dict[str, list[tuple[Figures, Figures]]] = {case.name: [] for case in cases}
    for _ in range(2 * pairs):
        for index, case in enumerate(cases):
            done = found[case.name]
            fewest = min(len(valid_pairs(done, kind)) for kind in case.kinds)
            if fewest >= pairs:
                continue
            new_first = (len(done) + index) % 2 == 1
            progress(f"{case.name}: {fewest} of {pairs} pairs")
            try:
                first = await measure(case, new_first)
                second = await measure(case, not new_first)
            except NotMeasured as error:
                progress(f"invalid, to be measured again: {error}")
                continue
            done.append((second, first) if new_first else (first, second))
    return found


def valid_pairs(pairs: Sequence[tuple[Figures, Figures]], kind: str) -> list[tuple[float, float]]:
    """Returns the values (before, after) of one kind of figure. Omits the pairs in which a value is
    invalid.
    """
    values = ((before[kind], after[kind]) for before, after in pairs)
    return [pair for pair in values if not any(map(math.isnan, pair))]


def comparisons(
    cases: Sequence[Case],
    measured: Mapping[str, Sequence[tuple[Figures, Figures]]],
    bars: Mapping[str, float],
) -> list[Comparison]:
    """Compares the two revisions for each case and each kind of figure. `bars` overrides the
    default bars, by kind.
    """
    return [
        Comparison(
            case.name,
            kind,
            bars.get(kind, KINDS[kind].bar),
            tuple(before for before, _ in pairs),
            tuple(after for _, after in pairs),
        )
        for case in cases
        for kind in case.kinds
        if (pairs := valid_pairs(measured[case.name], kind))
    ]


def missing(
    cases: Sequence[Case], measured: Mapping[str, Sequence[tuple[Figures, Figures]]], pairs: int
) -> list[str]:
    """Returns the names of the figures that have fewer than `pairs` valid pairs."""
    return [
        f"{case.name}, {KINDS[kind].title}: {count} of {pairs}"
        for case in cases
        for kind in case.kinds
        if (count := len(valid_pairs(measured[case.name], kind))) < pairs
    ]
