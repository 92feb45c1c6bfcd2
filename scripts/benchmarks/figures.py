"""Measured values, and the bars that they must meet. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


def percentile(ordered: Sequence[float], share: float) -> float:
    """Returns the percentile `share` (0 to 1) of the sorted values, with linear interpolation.
    Returns NaN if there are no values.
    """
    if not ordered:
        return math.nan
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True, slots=True)
class Figures:
    """The distribution of some values, described by five numbers in the unit of the values. If
    there are no values, all numbers except `count` are NaN.
    """

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
        """Returns the fields as JSON values. Replaces NaN by None (null), because JSON has no
        NaN.
        """
        return {
            name: None if math.isnan(value) else round(value, 1)
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Bar:
    """A measured value and the limit that it must meet. The value must be at most `limit`, or at
    least `limit` if `least` is true.
    """

    name: str
    value: float
    limit: float
    unit: str
    least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the value meets the bar. NaN means that nothing was measured; it does not meet
        any bar.
        """
        return self.value >= self.limit if self.least else self.value <= self.limit

    def as_json(self) -> dict[str, Any]:
        """Returns the fields as JSON values. Replaces NaN and infinity by None (null), because JSON
        has neither.
        """
        value, limit = (
            round(number, 3) if math.isfinite(number) else None
            for number in (self.value, self.limit)
        )
        return {
            "name": self.name,
            "value": value,
            "limit": limit,
            "unit": self.unit,
            "kept": self.kept,
        }
