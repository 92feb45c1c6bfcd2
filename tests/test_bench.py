"""The pure parts of scripts/bench."""

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from scripts.benchmarks import (
    bitrate,
    continuity,
    event_server,
    fanout_standby,
    growth,
    growth_feeds,
    growth_stuck,
    holds,
    latency,
    memory_budget,
    mixed,
    timecode,
    uplink,
    webkit_sound,
)
from scripts.benchmarks.commands.output import conclude
from scripts.benchmarks.decoded import Decoded
from scripts.benchmarks.figures import Bar, Figures, percentile
from scripts.benchmarks.narrow import Bandwidth
from scripts.benchmarks.ratio import Ratio
from server.composition import media

moments = st.integers(min_value=0, max_value=1 << 53)


@given(moments)
def test_a_time_code_is_read_as_it_was_written(ms: int) -> None:
    assert timecode.decode(timecode.encode(ms)) == ms % timecode.PERIOD
    assert timecode.encode(ms) < 1 << 32


@given(moments, st.integers(min_value=0, max_value=31))
def test_one_wrong_square_is_detected(ms: int, bit: int) -> None:
    assert timecode.decode(timecode.encode(ms) ^ 1 << bit) is None


@pytest.mark.parametrize("word", [0, 0xFFFFFFFF])
def test_black_and_white_frames_show_no_time(word: int) -> None:
    assert timecode.decode(word) is None


@given(moments, st.integers(min_value=0, max_value=timecode.PLAUSIBLE))
def test_age_counts_across_the_period(drawn: int, passed: int) -> None:
    assert timecode.age(timecode.encode(drawn), drawn + passed) == passed


@pytest.mark.parametrize("passed", [-1, timecode.PLAUSIBLE + 1])
def test_implausible_ages_are_misreadings(passed: int) -> None:
    drawn = 1_790_000_000_000
    assert timecode.age(timecode.encode(drawn), drawn + passed) is None


def test_unreadable_samples_are_left_out() -> None:
    good = timecode.encode(1_000)
    assert list(timecode.ages([(1_040, good), (1_056, good ^ 1), (1_072, good)])) == [40, 72]


@given(
    st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1),
    st.floats(min_value=0, max_value=1),
)
def test_a_percentile_lies_among_the_values(values: list[float], share: float) -> None:
    ordered = sorted(values)
    assert ordered[0] <= percentile(ordered, share) <= ordered[-1]


def test_percentiles() -> None:
    ordered = [float(n) for n in range(1, 102)]
    assert (percentile(ordered, 0.5), percentile(ordered, 0.95), percentile(ordered, 1)) == (
        51,
        96,
        101,
    )
    assert percentile([10, 20], 0.25) == 12.5
    assert math.isnan(percentile([], 0.5))


def test_nothing_measured_is_null_in_json() -> None:
    assert Figures.of([]).as_json() == {
        "count": 0,
        "least": None,
        "p50": None,
        "p95": None,
        "most": None,
    }


@pytest.mark.parametrize(
    ("value", "least", "kept"),
    [
        (5, False, True),
        (6, False, False),
        (6, True, True),
        (4, True, False),
        (math.nan, False, False),
        (math.nan, True, False),
    ],
)
def test_bars(value: float, least: bool, kept: bool) -> None:
    assert Bar("a promise", value, 5, "ms", least).kept is kept


def slot(path: str, ages: list[int]) -> latency.Slot:
    return latency.Slot(path, ages, 0)


def test_the_latency_report_compares_medians_over_all_slots() -> None:
    slots = [
        slot("direct", [30, 40]),
        slot("webcodecs", [70]),
        slot("mse", [190, 210]),
        slot("mse", [200]),
        slot("webcodecs", [58, 62]),
        slot("direct", [50]),
    ]
    report = latency.Report(slots, {"webcodecs": [100.0, 150.0, 700.0], "mse": []}, [80.0])
    assert (report.of("direct").p50, report.of("mse").p50, report.ratio("mse")) == (40, 200, 5)
    assert [(bar.value, bar.limit, bar.kept) for bar in report.bars] == [
        (62, 65, True),
        (200, 250, True),
        (150, 150, True),
        (645, 300, False),
    ]
    assert json.loads(json.dumps(report.as_json(), allow_nan=False))["ratios"] == {
        "webcodecs": 1.55,
        "mse": 5,
    }


def test_beside_a_slow_baseline_the_factor_counts() -> None:
    report = latency.Report([slot("direct", [60]), slot("webcodecs", [91])], {}, [])
    assert [(bar.limit, bar.kept) for bar in report.bars] == [(90, False)]


def test_each_path_has_its_own_bars() -> None:
    report = latency.Report(
        [slot("direct", [40]), slot("whep", [64]), slot("hls", [900] * 9 + [1_600])],
        {"whep": [300.0], "hls": [2_000.0]},
        [80.0],
    )
    assert [(bar.name, bar.limit, bar.kept) for bar in report.bars] == [
        ("WHEP, glass to glass, p50", 65, True),
        ("LL-HLS, glass to glass, p50", 950, True),
        ("LL-HLS, glass to glass, p95", 1_200, False),
        ("LL-HLS, stalls", 0, True),
    ]


def test_hls_may_not_stall() -> None:
    slots = [slot("direct", [40]), slot("hls", [900]), latency.Slot("hls", [900], 0, stalls=1)]
    assert [bar.kept for bar in latency.Report(slots, {}, []).bars] == [True, True, False]


def test_an_invalid_run_is_an_error() -> None:
    conclude([], None, [("500 viewers", "fine")])
    with pytest.raises(typer.Exit):
        conclude([], {}, [("500 viewers", "fine"), ("2000 viewers", "invalid")])


def test_a_report_without_slots_or_joins_has_no_bars_for_them() -> None:
    assert latency.Report([], {}, []).bars == []
    json.dumps(latency.Report([], {}, []).as_json(), allow_nan=False)


def turn(*players: str, **figures: Sequence[float | None]) -> webkit_sound.Turn:
    """One entry a second."""
    entries = [
        {"since": since, "player": player, "behind": 200.0, "stalls": 0, "dry": 0}
        | {name: values[since] for name, values in figures.items()}
        for since, player in enumerate(players)
    ]
    return webkit_sound.Turn("auto", entries)


def test_after_the_tap_for_sound_only_the_last_player_counts() -> None:
    stays = turn(*["webcodecs"] * 9, behind=[None, *[300.0] * 8], stalls=[2] * 8 + [3])
    assert [bar.kept for bar in stays.bars] == [True, True]
    assert (stays.behind.count, stays.more("stalls")) == (8, 1)
    changes = turn(*["webcodecs"] * 4, *["mse"] * 5, behind=[900.0] * 4 + [200.0] * 5)
    assert [bar.kept for bar in changes.bars] == [True, True]
    assert changes.behind.count == 5
    late = turn(*["webcodecs"] * 7, *["mse"] * 2)
    assert [bar.kept for bar in late.bars] == [False, False]
    assert [bar.kept for bar in turn().bars] == [False, False]


def test_a_delay_is_recovered_when_it_is_and_stays_as_before() -> None:
    def age(now: int) -> int:
        if 10_000 <= now < 10_400:
            return 60 + now - 10_000  # the frame stays on the screen
        return 300 if 10_400 <= now < 11_000 and now != 10_608 else 60

    ages = [(now, age(now)) for now in range(0, 30_000, 16)]
    assert holds.recoveries(ages, [(10_000, 10_400)]) == [
        608
    ]  # 11,008: the first frame after it; one low value among high ones does not count
    assert holds.recoveries(ages, [(29_900, 40_000)]) == [math.inf]


def second(at: float, target: float, sent: float) -> bitrate.Second:
    return bitrate.Second(at, target, sent, 30, "1280×720", "none")


def test_the_bitrate_bars_are_the_target_by_three_seconds_and_what_is_sent_after() -> None:
    target, sent = bitrate.Report(
        [second(1, 1.0, 0.1), second(3.1, 2.1, 1.0), second(4.1, 2.5, 2.0), second(5.1, 2.5, 2.5)]
    ).bars
    assert (target.value, target.kept) == (2.1, True)
    assert (round(sent.value, 2), sent.kept) == (1.83, True)


def test_gaps_of_the_source_are_no_freezes() -> None:
    """Only the part of a gap that exceeds the source's longest gap at that time counts. Gaps
    outside the measured time, or of the source itself, do not count.
    """
    source = [number / 30 for number in range(300) if not 100 <= number < 110]
    arrivals = [moment + 0.01 for moment in source if not 5 < moment < 5.4]
    assert continuity.longest_gap(source, 1, 9) == pytest.approx(11 / 30 * 1_000)
    assert continuity.freeze(arrivals, source, 1, 9, 0.3) == pytest.approx(12 / 30 * 1_000, abs=35)
    assert continuity.freeze(arrivals, source, 1, 4.5, 0.3) == pytest.approx(0, abs=1)
    assert math.isnan(continuity.freeze([], source, 1, 9, 0.3)) and math.isnan(
        continuity.longest_gap([], 1, 9)
    )


@given(st.floats(-120, 120), st.integers(0, 9))
def test_the_distance_of_audio_and_video_is_measured(offset: float, lost: int) -> None:
    """Beeps that are late or early are measured to some ms, even if each lacks 20 ms."""
    began, media = 1_790_000_000.0, 1_000.0
    frames = [
        (media + number / 30, round((began + number / 30) * 1_000) % timecode.PERIOD)
        for number in range(150)
    ]
    sound = np.zeros(48_000 * 6, dtype=np.float32)
    for second in range(1, 5):
        first = round((second + offset / 1_000) * 48_000)
        sound[first : first + 4_800] = np.sin(np.arange(4_800) * 2 * np.pi / 48)
        if 0 < lost < 8:
            sound[first + lost * 480 : first + lost * 480 + 960] = 0
    apart = continuity.apart(Decoded(frames, sound, media, []), began, began + 5)
    assert {type(ms) for ms in apart} == {float}, (
        "a bar over a float of numpy is no bool that JSON knows"
    )
    assert len(apart) == 4
    assert apart == pytest.approx([offset] * 4, abs=22 if lost else 2)


def test_when_a_series_reaches_a_limit() -> None:
    """It may come from above or below. The time counts from a moment, and is NaN if the limit is
    never reached.
    """
    series = [(0.0, 1.0), (1.0, 3.0), (2.0, 2.0), (3.0, 0.5)]
    assert continuity.settled(series, 0.5, 2, least=False) == 1.5
    assert continuity.settled(series, 0.5, 3, least=True) == 0.5
    assert math.isnan(continuity.settled(series, 1.5, 3, least=True))


def loss(share: float, relay: float, skew: float, errors: list[str]) -> uplink.Loss:
    return uplink.Loss(share, 60, 40, relay, 50, math.nan, skew, 58, errors)


def test_the_uplink_bars() -> None:
    """The bars judge freezes up to 5 % loss, the largest skew and every error; ratios only if both
    values were measured. A partial report is valid JSON.
    """
    losses = [loss(0.05, 120, 30, []), loss(0.1, 900, 61, ["frame"])]
    direct, ours = (
        Bandwidth("direct", 2.4, 0.5, 0.9, 20, math.nan, math.nan, math.nan),
        Bandwidth("microlive", 2.4, 0.55, 0.9, 26, 400, 0, 300),
    )
    remb = Bandwidth(uplink.REMB_ONLY, 2.4, 2.5, 0.7, 19, 400, 1_300, 200)
    report = uplink.Report(losses, uplink.Outage(150, 250, 10, []), [direct, ours, remb])
    kept = {bar.name: bar.kept for bar in report.bars}
    assert [name for name, each in kept.items() if not each] == [
        "audio and video apart",
        "decode errors",
        "up again, beside direct WebRTC",
        "down to 1 Mbps by REMB alone",
    ]
    assert len(kept) == 12
    json.dumps(report.as_json(), allow_nan=False)
    assert uplink.Report([], None, []).bars == []
    assert [bar.name for bar in uplink.Report([], None, [ours]).bars] == [
        "share of the target sent before",
        "delivery delay, maximum",
        "delivery delay while narrow, p95",
    ]


def test_the_times_beside_direct_webrtc() -> None:
    """The ratio is the median of the pairs' ratios, and its interval is that of nine pairs. The
    order of each pair alternates.
    """
    ups = [8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 90.0]
    turns = []
    for up in ups:
        turns.append(Bandwidth("direct", 2.4, 0.5, 0.9, 10, math.nan, math.nan, math.nan))
        turns.append(Bandwidth("microlive", 2.4, 0.0, 0.9, up, 400, 0, 300))
    report = uplink.Report([], None, turns)
    found = report.ratios["up again, beside direct WebRTC"]
    assert (found.pairs, found.median, found.low, found.high) == (9, 1.2, 0.9, 1.5)
    assert str(found) == "1.20 × (95 % interval: 0.90 to 1.50, 9 pairs)"
    kept = {bar.name: bar.kept for bar in report.bars}
    assert kept["up again, beside direct WebRTC"] and kept["down to 1 Mbps, beside direct WebRTC"]
    assert [uplink.order(turn)[0] for turn in (1, 2, 3)] == ["direct", "microlive", "direct"]


def test_a_run_without_a_result_counts_against_us() -> None:
    """A run of ours that never came back up is infinitely slow; one of the other variant took the
    longest time that a run waits. Few pairs have no interval.
    """
    found = Ratio.of([math.nan, 10, 0], [20, math.nan, 0.01], least=0.05, most=40)
    assert (found.median, found.low, found.high) == (0.25, -math.inf, math.inf)
    assert str(found) == "0.25 × (95 % interval: none, 3 pairs)"
    never = Ratio.of([math.nan], [20], least=0.05, most=40)
    assert never.as_json() == {"pairs": 1, "median": None, "low": None, "high": None}
    bar = Bar("up again", never.median, 1.2, "×")
    assert not bar.kept and bar.as_json()["value"] is None


def crowd(rude: bool, p99: float, late: float = 100.0, left: int = 0) -> mixed.Run:
    return mixed.Run(rude, 2.0, p99, 0, 0, 40.0, 100.0, late, left, left, "fine")


def test_the_bars_of_mixed_crowds() -> None:
    """Pairs may run in either order. The limit is the larger of 1.2 times and 5 ms more. Growth and
    leftovers are judged for every run.
    """
    report = mixed.Report(
        [
            crowd(False, 10),
            crowd(True, 14.9),
            crowd(True, 59),
            crowd(False, 50),
            crowd(False, 10),
            crowd(True, 30),
        ]
    )
    assert [(healthy.p99, rude.p99) for healthy, rude in report.pairs] == [
        (10, 14.9),
        (50, 59),
        (10, 30),
    ]
    assert report.bars[0].value == pytest.approx(14.9 / 15) and all(bar.kept for bar in report.bars)
    bad = mixed.Report([crowd(False, 10, late=106), crowd(True, 16, left=1)])
    assert not any(bar.kept for bar in bad.bars)
    json.dumps(bad.as_json(), allow_nan=False)


def budget_run(budget: str, p99: float, most: float, after: float, lost: int) -> memory_budget.Run:
    return memory_budget.Run(budget, 1.0, p99, 0, lost, 50.0, 120.0, most, after, "fine")


def test_the_bars_of_the_memory_budget() -> None:
    unbounded = budget_run("16GiB", 10, 1_400, 150, 0)
    good = memory_budget.Report(536.9, budget_run("512MiB", 14, 530, 150, 0), unbounded)
    assert all(bar.kept for bar in good.bars)
    bad = memory_budget.Report(536.9, budget_run("512MiB", 16, 540, 160, 1), unbounded)
    assert [bar.kept for bar in bad.bars] == [False, False, False, True, False]
    json.dumps(bad.as_json(), allow_nan=False)


def test_the_share_of_a_standby_is_without_the_cost_of_the_live() -> None:
    """The median of the rounds counts. A lost connection is a failure."""
    rounds = [
        fanout_standby.Round(100, 10.0, 8.0, 60.0, standby, 5.0, 20.0, 0, ("fine",) * 4)
        for standby in (9.0, 10.0, 28.0)
    ]
    cpu, disconnects = fanout_standby.Report(rounds).bars
    assert (cpu.value, cpu.kept, disconnects.kept) == (4.0, True, True)
    lost = fanout_standby.Round(100, 10.0, 8.0, 60.0, 9.0, 5.0, 20.0, 1, ("fine",) * 4)
    assert not fanout_standby.Report([lost]).bars[1].kept


def grown(viewers: int, cpu: float, p99: float, *edges: growth.Place) -> growth.Run:
    origin = growth.Place(viewers, cpu, 2.0, p99)
    return growth.Run(100, origin, edges, 0.5, 0, (8.0, 9.0, math.inf) if edges else (), "fine")


def growth_round(p50: float, p99: float, cpu: float) -> growth.Round:
    few = grown(10, 4.0, 5.0, growth.Place(10, 4.0, 3.0, 9.0))
    many = grown(10, 4.2, 5.0, growth.Place(90, cpu, p50, p99))
    equal = {
        edges: grown(10, 4.2, 5.0, *[growth.Place(90 // edges, cpu / edges, p50, p99)] * edges)
        for edges in growth.EDGES
    }
    spans = (
        growth_feeds.Span(100.0, 10.0, 1.0, 0.0),
        growth_feeds.Span(120.0, 26.0, 9.0, 900.0),
        growth_feeds.Span(120.5, 26.0, 13.5, 900.0),
    )
    feeds = growth_feeds.Feeds(20, *spans, (15.0,), "fine")
    return growth.Round(grown(100, 20.0, 5.0), equal, few, many, feeds)


def test_the_bars_of_growth() -> None:
    """A single process of 100 viewers takes 0.2 % for each. The median of the rounds counts."""
    good, slow = growth_round(3.9, 12.9, 19.0), growth_round(9.0, 20.0, 27.0)
    report = growth.Report(100, [good, slow, good])
    assert all(bar.kept for bar in report.bars), [bar for bar in report.bars if not bar.kept]
    bad = growth.Report(100, [good, slow, slow])
    assert [bar.kept for bar in bad.bars] == [False] * 9 + [True] * 4
    json.dumps(bad.as_json(), allow_nan=False)


def test_the_cost_of_a_feed() -> None:
    feeds = growth_round(3.0, 9.0, 19.0).feeds
    assert (feeds.origin_ms, feeds.origin_second_ms, feeds.edge_ms) == (1.0, 0.025, 0.8)
    assert feeds.rate == 45.0
    assert feeds.nats_us == pytest.approx(8_000 / 900)
    assert feeds.nats_copy_us == pytest.approx(5.0)


def test_what_a_stuck_edge_costs_the_others() -> None:
    rounds = [growth_stuck.Round(60, 3.0, p99, 0, "fine") for p99 in (8.0, 19.0, 90.0)]
    assert all(bar.kept for bar in growth_stuck.Report(rounds).bars)
    lost = growth_stuck.Report([growth_stuck.Round(60, 3.0, 21.0, 1, "fine")])
    assert [bar.kept for bar in lost.bars] == [False, False]
    json.dumps(lost.as_json(), allow_nan=False)


def test_the_hub_that_posts_events_replaces_one_that_exists() -> None:
    """The benchmark's server patches the module of the composition that makes the hub."""
    assert issubclass(event_server.PostingHub, vars(media)["Hub"])
