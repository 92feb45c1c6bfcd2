"""The evaluation of the moments that are found in scripted lives."""

import pytest
import typer

from scripts.benchmarks.commands.highlights import highlights
from scripts.benchmarks.highlights.evaluation import Report, Scored, evaluate
from scripts.benchmarks.highlights.live import BOT, ScriptedLive
from scripts.benchmarks.highlights.people import find_by_people
from scripts.benchmarks.highlights.score import Span, precision
from scripts.benchmarks.highlights.script import EDGE, SPACING, write_live
from scripts.benchmarks.highlights.taps import find_by_taps

SECOND = 1_000_000


@pytest.fixture(scope="module")
def live() -> ScriptedLive:
    return write_live(1)


def test_the_same_seed_gives_the_same_live(live: ScriptedLive) -> None:
    assert write_live(1) == live
    assert write_live(2) != live


def test_a_live_has_known_events_far_apart(live: ScriptedLive) -> None:
    assert 3 <= len(live.known) <= 6
    assert all(
        later - earlier >= SPACING - 1
        for earlier, later in zip(live.known, live.known[1:], strict=False)
    )
    assert live.known[0] >= live.first + EDGE
    assert live.known[-1] <= live.first + live.seconds - EDGE + 1


def test_more_people_react_to_a_known_event_than_at_other_times(live: ScriptedLive) -> None:
    for event in live.known:
        after, before = (
            len({r.person for r in live.reactions if begin <= r.at / SECOND < begin + 10})
            for begin in (event, event - 20)
        )
        assert after > before


def test_reactions_arrive_late_and_in_another_order(live: ScriptedLive) -> None:
    times = [reaction.at for reaction in live.reactions]
    assert times != sorted(times)
    assert any(reaction.taps == 0 for reaction in live.reactions)


def test_a_bot_taps_as_often_as_asked_and_keeps_the_other_reactions(live: ScriptedLive) -> None:
    crowded = live.with_bot(10_000, 100)
    bot = [reaction for reaction in crowded.reactions if reaction.person == BOT]
    assert sum(reaction.taps for reaction in bot) == 10_000
    assert tuple(r for r in crowded.reactions if r.person != BOT) == live.reactions


def test_only_short_spans_that_show_an_event_are_right() -> None:
    known = [100.0, 200.0, 300.0]
    assert precision([Span(92, 110), Span(195, 215), Span(290, 310)], known) == 1
    assert precision([Span(92, 110), Span(195, 215)], known) == pytest.approx(2 / 3)
    assert precision([Span(92, 110), Span(95, 105), Span(0, 9)], known) == pytest.approx(1 / 3)
    assert precision([Span(60, 320)], known) == 0  # too long
    assert precision([Span(90, 101)], known) == 0  # ends right after the event
    assert precision([Span(0, 9), Span(10, 19), Span(20, 29), Span(92, 110)], known) == 0


def test_who_finds_the_known_events_meets_the_bars() -> None:
    def cheat(live: ScriptedLive) -> list[Span]:
        return [Span(event - 5, event + 5) for event in live.known]

    report = evaluate([1, 2], cheat)
    assert all(bar.kept for bar in report.bars)
    assert [live.precision for live in report.lives] == [1, 1]


def test_a_bot_moves_the_moments_with_the_most_taps(live: ScriptedLive) -> None:
    report = evaluate([1], find_by_taps)
    assert report.lives[0].moved
    assert not report.bars[-1].kept


def test_the_report_names_the_median_and_the_worst_live() -> None:
    lives = tuple(Scored(n, 10, 3, (), score, False) for n, score in enumerate((1, 2 / 3, 0)))
    report = Report(lives)
    median, worst, moved = report.bars
    assert median.value == pytest.approx(2 / 3)
    assert (worst.value, moved.value) == (0, 0)
    assert [live["precision"] for live in report.as_json()["lives"]] == [1, 0.667, 0]


@pytest.mark.parametrize("seeds", ["", "x", "5-1", "1-2-3", "1-100000", "-1"])
def test_wrong_seeds_are_refused(seeds: str) -> None:
    with pytest.raises(typer.Exit):
        highlights(seeds)


def test_the_server_finds_the_known_events_and_no_bot_moves_them() -> None:
    report = evaluate([1, 2, 3], find_by_people)
    assert all(bar.kept for bar in report.bars)
