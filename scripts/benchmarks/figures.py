"""Measured values, and what is said about them. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of `ordered`, which is sorted, do not exceed; between two
    values a straight line. NaN of nothing.
    """
    if not ordered:
        return math.nan
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True, slots=True)
class Figures:
    """A distribution in five numbers, in the unit of what was measured. NaN where nothing was."""

    count: int
    least: float
    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Figures":
        ordered = sorted(values)
        return cls(
            len(ordered),
            percentile(ordered, 0),
            percentile(ordered, 0.5),
            percentile(ordered, 0.95),
            percentile(ordered, 1),
        )

    def as_json(self) -> dict[str, float | None]:
        """NaN is no JSON: null stands for it."""
        return {
            name: None if math.isnan(value) else round(value, 1)
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Bar:
    """A promise: `value`, called `name`, stays at or below `limit` (or, with `least`, at or above
    it).
    """

    name: str
    value: float
    limit: float
    unit: str
    least: bool = False

    @property
    def kept(self) -> bool:
        """A value that could not be measured keeps no promise."""
        return self.value >= self.limit if self.least else self.value <= self.limit
