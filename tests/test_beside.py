"""The order and the statistics of `scripts/bench beside`; nothing here is timed."""

import asyncio
import math
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.benchmarks.checkout import CheckoutFailed, worktree
from scripts.benchmarks.paired import (
    KINDS,
    Case,
    Comparison,
    Figures,
    NotMeasured,
    Verdict,
    comparisons,
    interval,
    measure_pairs,
    missing,
)

SMALL, LARGE = Case("small", ("cpu",)), Case("large", ("cpu", "p99"))


@pytest.mark.parametrize(
    ("count", "rank"),
    # Ranks of the lower end, from tables of the sign test at 5 %.
    [(6, 1), (8, 1), (9, 2), (11, 2), (12, 3), (15, 4), (20, 6), (25, 8), (50, 18)],
)
def test_the_interval_is_two_order_statistics(count: int, rank: int) -> None:
    values = [float(value) for value in range(1, count + 1)]
    assert interval(values[::-1]) == (rank, count + 1 - rank)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_values_bound_nothing(count: int) -> None:
    assert interval([1.0] * count) == (-math.inf, math.inf)


@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=40))
def test_the_order_of_the_values_does_not_matter(values: list[float]) -> None:
    low, high = interval(values)
    assert (low, high) == interval(sorted(values))
    assert min(values) <= low <= sorted(values)[len(values) // 2] <= high <= max(values)


def comparison(kind: str, changes: list[float], bar: float | None = None) -> Comparison:
    before = tuple(100.0 + number for number in range(len(changes)))
    ratio = KINDS[kind].scale.name == "RATIO"
    after = tuple(
        value * change if ratio else value + change
        for value, change in zip(before, changes, strict=True)
    )
    return Comparison("case", kind, KINDS[kind].bar if bar is None else bar, before, after)


@pytest.mark.parametrize(
    ("kind", "changes", "verdict"),
    [
        # The second and the eighth of nine are compared with 1.05 ×.
        ("cpu", [0.9, *[1.0] * 7, 2.0], Verdict.KEPT),
        ("cpu", [1.0, *[1.06] * 8], Verdict.MISSED),
        ("cpu", [1.0, 1.0, *[1.06] * 7], Verdict.UNDECIDED),
        ("glass", [0.0, *[6.0] * 8], Verdict.MISSED),
        ("glass", [*[-30.0] * 4, *[4.0] * 5], Verdict.KEPT),
        ("lost", [9.0] * 9, Verdict.SHOWN),
    ],
)
def test_a_bar_is_missed_by_the_whole_interval(
    kind: str, changes: list[float], verdict: Verdict
) -> None:
    assert comparison(kind, changes).verdict is verdict


def test_another_bar_replaces_the_default() -> None:
    measured = {"large": [({"cpu": 10.0, "p99": 5.0}, {"cpu": 12.0, "p99": 5.0})] * 9}
    usual = comparisons([LARGE], measured, {})
    wider = comparisons([LARGE], measured, {"cpu": 1.25})
    assert [each.verdict for each in usual] == [Verdict.MISSED, Verdict.KEPT]
    assert [each.verdict for each in wider] == [Verdict.KEPT, Verdict.KEPT]


def test_a_figure_that_rises_from_zero_is_no_division_by_it() -> None:
    measured = {"small": [({"cpu": 0.0}, {"cpu": 1.0})] * 9}
    (found,) = comparisons([SMALL], measured, {})
    assert found.verdict is Verdict.MISSED


def run_pairs(
    pairs: int, failing: Collection[int] = ()
) -> tuple[list[tuple[str, bool]], dict[str, list[tuple[Figures, Figures]]]]:
    """The runs in their order, of which those numbered in `failing` are not valid."""
    runs: list[tuple[str, bool]] = []

    async def measure(case: Case, new: bool) -> Figures:
        runs.append((case.name, new))
        if len(runs) in failing:
            raise NotMeasured("busy")
        return {"cpu": 2.0 if new else 1.0, "p99": 3.0}

    found = asyncio.run(measure_pairs([SMALL, LARGE], pairs, measure, lambda _: None))
    return runs, found


def test_pairs_are_measured_back_to_back_in_alternating_order() -> None:
    runs, found = run_pairs(4)
    small, large = [new for name, new in runs if name == "small"], runs[2:4]
    assert small == [False, True, True, False, False, True, True, False]
    assert large == [("large", True), ("large", False)]
    assert [name for name, _ in runs[:4]] == ["small", "small", "large", "large"]
    # The old revision's figures come first in a pair, even if the new revision ran first.
    assert found["small"] == [({"cpu": 1.0, "p99": 3.0}, {"cpu": 2.0, "p99": 3.0})] * 4


def test_a_pair_with_an_invalid_run_is_measured_again() -> None:
    runs, found = run_pairs(2, failing={1, 5})
    assert {name: len(done) for name, done in found.items()} == {"small": 2, "large": 2}
    # The first run failed; then the second run of the next pair.
    small = [new for name, new in runs if name == "small"]
    assert small == [False, False, True, False, True, True, False]
    assert [new for name, new in runs if name == "large"] == [True, False, False, True]


def test_a_figure_that_is_not_valid_counts_for_the_others() -> None:
    runs = 0

    async def measure(case: Case, new: bool) -> Figures:
        nonlocal runs
        runs += 1
        return {"cpu": 1.0, "p99": math.nan if runs == 2 else 3.0}

    measured = asyncio.run(measure_pairs([LARGE], 2, measure, lambda _: None))
    cpu, p99 = comparisons([LARGE], measured, {})
    assert (len(cpu.before), len(p99.before), runs) == (3, 2, 6)
    assert missing([LARGE], measured, 3) == ["large, delay p99: 2 of 3"]


def test_a_case_that_stays_invalid_is_given_up() -> None:
    runs, found = run_pairs(2, failing=set(range(100)))
    assert found == {"small": [], "large": []}
    assert len(runs) == 2 * (2 + 2)
    assert comparisons([SMALL, LARGE], found, {}) == []
    assert missing([SMALL], found, 2) == ["small, CPU: 0 of 2"]


def test_an_unknown_revision_is_refused() -> None:
    with pytest.raises(CheckoutFailed, match="rev-parse"), worktree("no-such-revision"):
        pass
