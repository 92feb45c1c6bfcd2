"""The pure parts of scripts/bench: a measurement is worth what its arithmetic is."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.benchmarks import bitrate, latency, timecode
from scripts.benchmarks.figures import Bar, Figures, percentile

moments = st.integers(min_value=0, max_value=1 << 53)


@given(moments)
def test_a_time_code_is_read_as_it_was_written(ms: int) -> None:
    assert timecode.decode(timecode.encode(ms)) == ms % timecode.PERIOD
    assert timecode.encode(ms) < 1 << 32


@given(moments, st.integers(min_value=0, max_value=31))
def test_one_wrong_square_is_noticed(ms: int, bit: int) -> None:
    assert timecode.decode(timecode.encode(ms) ^ 1 << bit) is None


@pytest.mark.parametrize("word", [0, 0xFFFFFFFF])
def test_black_and_white_pictures_show_no_time(word: int) -> None:
    assert timecode.decode(word) is None


@given(moments, st.integers(min_value=0, max_value=timecode.PLAUSIBLE))
def test_age_counts_across_the_period(drawn: int, passed: int) -> None:
    assert timecode.age(timecode.encode(drawn), drawn + passed) == passed


@pytest.mark.parametrize("passed", [-1, timecode.PLAUSIBLE + 1])
def test_pictures_of_the_future_and_of_long_ago_were_misread(passed: int) -> None:
    drawn = 1_790_000_000_000
    assert timecode.age(timecode.encode(drawn), drawn + passed) is None


def test_what_cannot_be_read_is_left_out() -> None:
    good = timecode.encode(1_000)
    assert list(timecode.ages([(1_040, good), (1_056, good ^ 1), (1_072, good)])) == [40, 72]


@given(st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1), st.floats(min_value=0, max_value=1))
def test_a_percentile_lies_among_the_values(values: list[float], share: float) -> None:
    ordered = sorted(values)
    assert ordered[0] <= percentile(ordered, share) <= ordered[-1]


def test_percentiles() -> None:
    ordered = [float(n) for n in range(1, 102)]
    assert (percentile(ordered, 0.5), percentile(ordered, 0.95), percentile(ordered, 1)) == (51, 96, 101)
    assert percentile([10, 20], 0.25) == 12.5
    assert math.isnan(percentile([], 0.5))


def test_nothing_measured_is_null_in_json() -> None:
    assert Figures.of([]).as_json() == {"count": 0, "least": None, "p50": None, "p95": None, "most": None}


@pytest.mark.parametrize(
    ("value", "least", "kept"), [(5, False, True), (6, False, False), (6, True, True), (4, True, False), (math.nan, False, False), (math.nan, True, False)]
)
def test_bars(value: float, least: bool, kept: bool) -> None:
    assert Bar("a promise", value, 5, "ms", least).kept is kept


def slot(way: latency.Way, ages: list[int]) -> latency.Slot:
    return latency.Slot(way, ages, 0)


def test_the_latency_report_compares_medians_over_all_slots() -> None:
    report = latency.Report([slot("direct", [30, 40]), slot("mse", [190, 210]), slot("mse", [200]), slot("direct", [50])], [100.0, 150.0, 700.0], [80.0])
    assert (report.of("direct").p50, report.of("mse").p50, report.ratio) == (40, 200, 5)
    assert [(bar.value, bar.kept) for bar in report.bars] == [(200, True), (150, True), (645, False)]
    assert json.loads(json.dumps(report.as_json(), allow_nan=False))["ratio"] == 5


def test_a_report_without_slots_or_joins_has_no_bars_for_them() -> None:
    assert latency.Report([], [], []).bars == []
    json.dumps(latency.Report([], [], []).as_json(), allow_nan=False)


def second(at: float, target: float, sent: float) -> bitrate.Second:
    return bitrate.Second(at, target, sent, 30, "1280×720", "none")


def test_the_bitrate_bars_are_the_target_by_three_seconds_and_what_is_sent_after() -> None:
    target, sent = bitrate.Report([second(1, 1.0, 0.1), second(3.1, 2.1, 1.0), second(4.1, 2.5, 2.0), second(5.1, 2.5, 2.5)]).bars
    assert (target.value, target.kept) == (2.1, True)
    assert (round(sent.value, 2), sent.kept) == (1.83, True)
