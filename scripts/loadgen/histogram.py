"""A histogram of delays. The upper edge of each bin is 1 % above its lower edge. The size of a
histogram does not depend on the duration of the run, and the histograms of several processes can be
added.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

LEAST_MS, MOST_MS = 0.1, 100_000.0
STEP = 1.01
"""Ratio between the upper and the lower edge of a bin. This ratio limits the precision of
percentiles.
"""

EDGES: NDArray[np.float64] = np.geomspace(
    LEAST_MS, MOST_MS, 1 + int(np.ceil(np.log(MOST_MS / LEAST_MS) / np.log(STEP)))
)
"""Edges of the bins, ms. The first bin includes all smaller values, the last bin all larger
values.
"""
MIDDLES: NDArray[np.float64] = np.sqrt(EDGES[:-1] * EDGES[1:])

Sparse = list[list[int]]
"""The serialised form of a histogram: for each bin that is not empty, its index and its count."""


class Histogram:
    """A histogram: the number of delays in each bin. `add` adds delays; `merge` adds another
    histogram.
    """

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(len(MIDDLES), np.int64)
        self.most = 0.0
        """The largest delay, ms. Unlike percentiles, this value is exact."""

    @property
    def count(self) -> int:
        return int(self.counts.sum())

    def add(self, delays_ms: Iterable[float]) -> None:
        values = np.fromiter(delays_ms, np.float64)
        if len(values):
            bins = np.clip(
                np.searchsorted(EDGES, values, side="right") - 1, 0, len(self.counts) - 1
            )
            self.counts += np.bincount(bins, minlength=len(self.counts))
            self.most = max(self.most, float(values.max()))

    def merge(self, other: "Histogram") -> None:
        self.counts += other.counts
        self.most = max(self.most, other.most)

    def percentile(self, percent: float) -> float | None:
        """Returns the delay at the percentile `percent`, ms. Returns None if there are no
        delays.
        """
        total = self.count
        if not total:
            return None
        place = int(np.searchsorted(np.cumsum(self.counts), max(1, np.ceil(total * percent / 100))))
        return min(float(MIDDLES[place]), self.most)

    def to_sparse(self) -> Sparse:
        return [[int(place), int(self.counts[place])] for place in np.flatnonzero(self.counts)]

    @classmethod
    def from_sparse(cls, pairs: Sparse, most: float) -> "Histogram":
        made = cls()
        for place, count in pairs:
            made.counts[place] = count
        made.most = most
        return made
