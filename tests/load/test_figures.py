"""Figures stay correct when added, serialised and reduced to percentiles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.loadgen.figures import Figures
from scripts.loadgen.histogram import LEAST_MS, MOST_MS, Histogram
from scripts.loadgen.scenario import shares

DELAYS = st.lists(st.floats(LEAST_MS, MOST_MS * 0.99), min_size=1, max_size=200)


@given(DELAYS, st.sampled_from([0, 50, 95, 99, 100]))
def test_percentiles_are_exact_to_one_per_cent(delays: list[float], percent: int) -> None:
    histogram = Histogram()
    histogram.add(delays)
    found = histogram.percentile(percent)
    assert found == pytest.approx(
        float(np.percentile(delays, percent, method="inverted_cdf")), rel=0.01
    )
    assert histogram.most == max(delays)


@given(DELAYS, DELAYS)
def test_merged_histograms_equal_one(first: list[float], second: list[float]) -> None:
    one, other, both = Histogram(), Histogram(), Histogram()
    one.add(first)
    other.add(second)
    both.add([*first, *second])
    one.merge(Histogram.from_sparse(other.to_sparse(), other.most))
    assert (one.counts == both.counts).all() and one.most == both.most


def test_values_outside_count_in_the_edge_bins() -> None:
    histogram = Histogram()
    histogram.add([-3.0, 0.0, 1e9])
    assert histogram.count == 3 and histogram.counts[0] == 2 and histogram.counts[-1] == 1


def test_an_empty_histogram_has_no_percentile() -> None:
    assert Histogram().percentile(99) is None


def test_figures_are_serialised() -> None:
    figures = Figures()
    figures.counts.update({"bytes": 5, "failed/refused": 2, "failed/timeout": 3})
    figures.levels["watching"] = 7
    figures.histogram("delay").add([1.0, 2.0])
    arrived = Figures.from_line(figures.to_line())
    arrived.merge(Figures.from_line(figures.to_line()))
    assert (
        arrived.counts["bytes"] == 10
        and arrived.levels["watching"] == 14
        and arrived.histogram("delay").count == 4
    )
    assert (
        arrived.causes("failed") == {"timeout": 6, "refused": 4} and arrived.total("failed") == 10
    )


def test_a_malformed_line_is_refused() -> None:
    with pytest.raises(ValueError):
        Figures.from_line(b"{}\n")


@given(st.integers(0, 10_000), st.integers(1, 64))
def test_shares_are_even_and_complete(total: int, parts: int) -> None:
    found = shares(total, parts)
    assert sum(found) == total and len(found) == parts and max(found) - min(found) <= 1
