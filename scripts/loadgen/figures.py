"""The figures that a worker process sends once a second. Figures of several processes can be
added.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from scripts.loadgen.histogram import Histogram


@dataclass(slots=True)
class Figures:
    """The figures of a worker process: counts since the last report, current levels, and histograms
    in ms. The figures of several workers can be added. Levels of different seconds cannot be added.

    A slash in the name of a count precedes the cause: `failed/refused`, `closed/4408`.
    """

    counts: Counter[str] = field(default_factory=Counter)
    levels: dict[str, float] = field(default_factory=dict)
    histograms: dict[str, Histogram] = field(default_factory=dict)

    def histogram(self, name: str) -> Histogram:
        return self.histograms.setdefault(name, Histogram())

    def merge(self, other: "Figures") -> None:
        """Adds the figures of another worker for the same second, or the figures of a later second.
        Clear the levels before you add a later second: a sum of levels of different seconds has no
        meaning.
        """
        self.counts.update(other.counts)
        for name, level in other.levels.items():
            self.levels[name] = self.levels.get(name, 0.0) + level
        for name, histogram in other.histograms.items():
            self.histogram(name).merge(histogram)

    def causes(self, prefix: str) -> dict[str, int]:
        """Returns the counts whose names start with `prefix/`, by cause. The most frequent cause
        comes first.
        """
        found = {
            name.removeprefix(f"{prefix}/"): count
            for name, count in self.counts.most_common()
            if name.startswith(f"{prefix}/")
        }
        return {name: count for name, count in found.items() if count}

    def total(self, prefix: str) -> int:
        return sum(self.causes(prefix).values())

    def to_line(self) -> bytes:
        histograms = {
            name: [histogram.to_sparse(), histogram.most]
            for name, histogram in self.histograms.items()
            if histogram.count
        }
        return json.dumps([dict(self.counts), self.levels, histograms]).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Figures":
        """Parses a line that `to_line` has written. Raises ValueError if the line is malformed."""
        parts: Any = json.loads(line)
        if not isinstance(parts, list) or len(parts) != 3:
            raise ValueError("not a line of figures")
        counts, levels, histograms = parts
        return cls(
            Counter(counts),
            levels,
            {
                name: Histogram.from_sparse(pairs, most)
                for name, (pairs, most) in histograms.items()
            },
        )
