"""The best moments of a live."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.social.highlights import (
    LEAD,
    LONGEST,
    MOST,
    TAIL,
    WINDOW,
    Highlight,
    at_keyframe,
    highlights,
)

SECOND = 1_000_000


def quiet(seconds: int = 600, seed: int = 1) -> list[int]:
    """A live in which now and then one or two people react."""
    chance = Random(seed)
    return [int(chance.random() < 0.2) for _ in range(seconds)]


def with_peak(people: list[int], at: int, size: int) -> list[int]:
    """Lets `size` people react within four seconds."""
    for offset in range(4):
        people[at + offset] += size // 4
    return people


def peaks(found: list[Highlight]) -> list[int]:
    return [moment.peak // SECOND for moment in found]


def test_the_moment_with_the_most_people_is_first() -> None:
    people = with_peak(with_peak(quiet(), 100, 20), 400, 40)
    found = highlights(people, 0)
    assert [round(peak, -1) for peak in peaks(found)] == [400, 100]
    assert found[0].people >= 40 and found[0].score > found[1].score > 4


def test_a_moment_starts_before_its_peak_and_ends_after_it() -> None:
    found = highlights(with_peak([0] * 600, 100, 20), 1_000)[0]
    assert found.peak // SECOND in range(1_099, 1_101)
    assert found.start == found.peak - LEAD * SECOND
    assert found.end >= found.peak + TAIL * SECOND


def test_at_most_three_moments() -> None:
    people = quiet()
    for number in range(6):
        with_peak(people, 50 + 90 * number, 20 + 8 * number)
    found = highlights(people, 0)
    assert len(found) == MOST
    assert [round(peak, -1) for peak in peaks(found)] == [500, 410, 320]


def test_peaks_within_eight_seconds_are_one_moment() -> None:
    together = highlights(with_peak(with_peak(quiet(), 100, 20), 110, 24), 0)
    apart = highlights(with_peak(with_peak(quiet(), 100, 20), 140, 24), 0)
    assert len(together) == 1 and len(apart) == 2
    assert together[0].end >= 115 * SECOND


def test_a_long_wave_gives_one_short_moment() -> None:
    people = [0] * 600
    for second in range(200, 300):
        people[second] = 5
    (found,) = highlights(people, 0)
    assert found.end - found.start <= LONGEST * SECOND


@pytest.mark.parametrize("people", [[], [5], [0] * 600, [3] * 600, quiet(), [0] * 300 + [2] * 1])
def test_no_moment_stands_out(people: list[int]) -> None:
    assert highlights(people, 0) == []


def test_three_friends_are_enough_in_a_silent_live() -> None:
    assert len(highlights(with_peak([0] * 300, 100, 4), 0)) == 1
    silent = [0] * 300
    silent[100] = silent[102] = 1
    assert highlights(silent, 0) == []


def test_what_is_usual_is_no_moment() -> None:
    """Twenty people are a moment in a small crowd, but no moment if thirty people react all the
    time.
    """
    chance = Random(1)
    busy = [chance.randint(4, 8) for _ in range(600)]
    assert highlights(with_peak(list(busy), 300, 8), 0) == []
    assert len(highlights(with_peak(list(busy), 300, 60), 0)) == 1


def test_a_moment_starts_at_the_keyframe_before() -> None:
    moment = Highlight(100 * SECOND, 92 * SECOND, 108 * SECOND, 9, 5.0)
    assert at_keyframe(moment, [80 * SECOND, 91 * SECOND, 93 * SECOND]).start == 91 * SECOND
    assert at_keyframe(moment, [92 * SECOND, 93 * SECOND]).start == 92 * SECOND
    assert at_keyframe(moment, [95 * SECOND]).start == 95 * SECOND
    assert at_keyframe(moment, []) == moment
    early = at_keyframe(moment, [60 * SECOND])
    assert early.end == early.start + LONGEST * SECOND


def test_a_moment_lies_within_the_live() -> None:
    people = [0] * 40
    people[1] = people[39 - WINDOW] = 8
    for moment in highlights(people, 500):
        assert 500 * SECOND <= moment.start < moment.end <= 540 * SECOND


@given(st.lists(st.integers(min_value=0, max_value=60), max_size=300), st.integers(0, 1_000))
def test_moments_are_apart_and_in_bounds(people: list[int], first: int) -> None:
    found = highlights(people, first)
    assert len(found) <= MOST
    assert [moment.people for moment in found] == sorted(
        (moment.people for moment in found), reverse=True
    )
    for moment in found:
        assert first * SECOND <= moment.start <= moment.peak < moment.end
        assert moment.end <= (first + len(people)) * SECOND
        assert moment.end - moment.start <= LONGEST * SECOND
    times = sorted(moment.peak for moment in found)
    assert all(
        later - earlier > 8 * SECOND for earlier, later in zip(times, times[1:], strict=False)
    )
