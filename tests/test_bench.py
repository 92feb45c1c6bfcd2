"""The pure parts of scripts/bench: a measurement is worth what its arithmetic is."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.benchmarks import bitrate, holds, latency, timecode
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


def slot(way: str, ages: list[int]) -> latency.Slot:
    return latency.Slot(way, ages, 0)


def test_the_latency_report_compares_medians_over_all_slots() -> None:
    slots = [slot("direct", [30, 40]), slot("webcodecs", [70]), slot("mse", [190, 210]), slot("mse", [200]), slot("webcodecs", [58, 62]), slot("direct", [50])]
    report = latency.Report(slots, {"webcodecs": [100.0, 150.0, 700.0], "mse": []}, [80.0])
    assert (report.of("direct").p50, report.of("mse").p50, report.ratio("mse")) == (40, 200, 5)
    assert [(bar.value, bar.limit, bar.kept) for bar in report.bars] == [(62, 65, True), (200, 250, True), (150, 150, True), (645, 300, False)]
    assert json.loads(json.dumps(report.as_json(), allow_nan=False))["ratios"] == {"webcodecs": 1.55, "mse": 5}


def test_beside_a_slow_yardstick_the_factor_counts() -> None:
    report = latency.Report([slot("direct", [60]), slot("webcodecs", [91])], {}, [])
    assert [(bar.limit, bar.kept) for bar in report.bars] == [(90, False)]


def test_a_report_without_slots_or_joins_has_no_bars_for_them() -> None:
    assert latency.Report([], {}, []).bars == []
    json.dumps(latency.Report([], {}, []).as_json(), allow_nan=False)


def test_back_after_a_hold_is_when_the_delay_is_and_stays_what_it_was() -> None:
    def age(now: int) -> int:
        if 10_000 <= now < 10_400:
            return 60 + now - 10_000  # the picture stands
        return 300 if 10_400 <= now < 11_000 and now != 10_608 else 60

    ages = [(now, age(now)) for now in range(0, 30_000, 16)]
    assert holds.recoveries(ages, [(10_000, 10_400)]) == [608]  # 11,008: the first after; one young picture among old ones does not count
    assert holds.recoveries(ages, [(29_900, 40_000)]) == [math.inf]


def second(at: float, target: float, sent: float) -> bitrate.Second:
    return bitrate.Second(at, target, sent, 30, "1280×720", "none")


def test_the_bitrate_bars_are_the_target_by_three_seconds_and_what_is_sent_after() -> None:
    target, sent = bitrate.Report([second(1, 1.0, 0.1), second(3.1, 2.1, 1.0), second(4.1, 2.5, 2.0), second(5.1, 2.5, 2.5)]).bars
    assert (target.value, target.kept) == (2.1, True)
    assert (round(sent.value, 2), sent.kept) == (1.83, True)
