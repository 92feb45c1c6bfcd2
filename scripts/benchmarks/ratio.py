"""The ratio between two variants of one measurement that ran in pairs. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from scripts.benchmarks.paired import interval


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the ratios of all pairs, and the 95 % confidence interval of this median."""

    pairs: int
    median: float
    low: float
    high: float

    @classmethod
    def of(
        cls, ours: Sequence[float], others: Sequence[float], *, least: float, most: float
    ) -> "Ratio":
        """Computes the ratios `ours` / `others`; each pair of runs has one value in both. There
        must be at least one pair.

        `least`: resolution of the measurement; smaller values of `others` count as `least`.
        `most`: longest time that a run waits. NaN means that a run reached its end without a
        result: this counts against us, as infinite in `ours` and as `most` in `others`.
        """
        ratios = [
            (math.inf if math.isnan(our) else our)
            / (most if math.isnan(other) else max(other, least))
            for our, other in zip(ours, others, strict=True)
        ]
        return cls(len(ratios), median(ratios), *interval(ratios))

    def __str__(self) -> str:
        found = "none" if math.isinf(self.low) else f"{self.low:.2f} to {self.high:.2f}"
        return f"{self.median:.2f} × (95 % interval: {found}, {self.pairs} pairs)"

    def as_json(self) -> dict[str, Any]:
        """Returns the fields as JSON values. Replaces infinite values by None (null)."""
        return {
            "pairs": self.pairs,
            **{
                name: round(value, 3) if math.isfinite(value) else None
                for name, value in (
                    ("median", self.median),
                    ("low", self.low),
                    ("high", self.high),
                )
            },
        }
