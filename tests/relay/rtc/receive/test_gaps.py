"""Missing packets: when each is requested, and when it is given up."""

from math import inf

import pytest

from relay.rtc.receive.gaps import (
    MARGIN,
    MAX_ANSWERED,
    MAX_NACKS,
    MAX_PATIENCE,
    MAX_SUSPECTED,
    Gaps,
)
from relay.rtc.roundtrip import ATTEMPTS, LONGEST, MIN_DEADLINE, SHORTEST, RoundTrip
from tests.fixtures.lossy_path import LATE, LossyPath


def test_each_is_requested_at_once_and_again_after_a_round_trip() -> None:
    """Requests have 16-bit numbers. Nothing is requested in between."""
    round_trip = RoundTrip()
    gaps = Gaps(round_trip)
    gaps.add(0x1FFFF, 0x20002, 5.0)
    assert len(gaps.missing) == 3
    assert gaps.nacks(5.0) == [0xFFFF, 0, 1]
    assert gaps.nacks(5.0 + round_trip.retry - 0.001) == []
    assert gaps.fill(0x20000, 5.01, resent=True)
    assert gaps.nacks(5.0 + round_trip.retry + 0.001) == [0xFFFF, 1]


def test_a_request_has_a_maximum() -> None:
    gaps = Gaps(RoundTrip())
    gaps.add(0, MAX_NACKS + 5, 1.0)
    assert gaps.nacks(1.0) == list(range(MAX_NACKS))
    assert gaps.nacks(1.0) == list(range(MAX_NACKS, MAX_NACKS + 5))


def test_only_the_first_request_measures_the_round_trip() -> None:
    """After a second request it is unknown which one was answered."""
    round_trip = RoundTrip()
    gaps = Gaps(round_trip)
    gaps.add(7, 9, 1.0)
    gaps.nacks(1.0)
    assert gaps.fill(7, 1.03, resent=True)
    assert round_trip.least is not None and abs(round_trip.least - 0.03) < 1e-9
    gaps.nacks(1.0 + 1)
    assert gaps.fill(8, 2.001, resent=True) and round_trip.least > 0.02
    assert not gaps.missing and not gaps.fill(8, 2.002, resent=True)


def test_a_path_that_reorders_is_given_time() -> None:
    """A late packet delays the first request of the next gaps, up to MAX_PATIENCE; an answered
    request shortens the delay.
    """
    gaps = Gaps(RoundTrip())
    gaps.add(1, 2, 1.0)
    assert gaps.fill(1, 1.5, resent=False)
    gaps.add(2, 3, 2.0)
    assert gaps.nacks(2.0 + MAX_PATIENCE * 0.99) == []
    assert gaps.nacks(2.0 + MAX_PATIENCE) == [2]
    assert gaps.fill(2, 2.1, resent=True)
    gaps.add(3, 4, 3.0)
    assert gaps.nacks(3.0 + MAX_PATIENCE * 0.95) == [3]


def test_the_oldest_gap_has_a_deadline() -> None:
    gaps = Gaps(RoundTrip())
    assert not gaps.overdue(100.0)
    gaps.add(1, 2, 1.0)
    gaps.add(5, 8, 1.05)
    assert not gaps.overdue(1.0 + MIN_DEADLINE / 2) and gaps.overdue(1.5)
    assert gaps.give_up(6) == 2 and len(gaps.missing) == 2
    assert gaps.give_up(6) == 0
    gaps.clear()
    assert not gaps.missing and not gaps.overdue(100.0)


def test_a_repeated_request_is_in_order_with_the_first_one_of_newer_gaps() -> None:
    """Gaps that were filled or given up meanwhile are not requested."""
    round_trip = RoundTrip()
    gaps = Gaps(round_trip)
    gaps.add(10, 14, 1.0)
    assert gaps.nacks(1.0) == [10, 11, 12, 13]
    assert gaps.fill(12, 1.0 + round_trip.retry, resent=True)
    gaps.add(20, 23, 1.0 + round_trip.retry)
    assert gaps.fill(21, 1.0 + round_trip.retry, resent=True)
    assert gaps.nacks(1.0 + round_trip.retry) == [10, 11, 13, 20, 22]
    assert gaps.give_up(14) == 3


def test_a_packet_is_requested_a_few_times_only() -> None:
    """`due_at` is the time of the next request, and infinite behind the last one."""
    round_trip = RoundTrip()
    gaps = Gaps(round_trip)
    assert gaps.due_at() == inf
    gaps.add(7, 8, 1.0)
    now = 1.0
    for number in range(ATTEMPTS):
        assert gaps.due_at() == pytest.approx(1.0 + number * round_trip.retry)
        now = gaps.due_at() + 1e-9
        assert gaps.nacks(now) == [7]
    assert gaps.due_at() == inf
    assert gaps.nacks(now + LONGEST) == []


def test_a_filled_gap_is_not_due() -> None:
    gaps = Gaps(RoundTrip())
    gaps.add(1, 3, 1.0)
    gaps.nacks(1.0)
    gaps.add(5, 6, 1.01)
    assert gaps.due_at() == 1.01
    for sequence in (1, 2, 5):
        assert gaps.fill(sequence, 1.02, resent=True)
    assert gaps.due_at() == inf


def test_an_unmarked_answer_is_no_late_packet() -> None:
    """Without RTX a retransmission looks like the original. It does not delay the next requests,
    and it measures the round trip.
    """
    round_trip = RoundTrip()
    round_trip.add(0.01)
    gaps = Gaps(round_trip)
    gaps.add(1, 2, 1.0)
    gaps.nacks(1.0)
    assert gaps.fill(1, 1.018, resent=False)
    assert round_trip.smoothed == pytest.approx(0.011)
    gaps.add(2, 3, 2.0)
    assert gaps.nacks(2.0) == [2]
    assert gaps.fill(2, 2.001, resent=False) and round_trip.least == 0.01
    gaps.add(3, 4, 3.0)
    assert gaps.nacks(3.0) == [3]


def test_a_copy_that_is_too_early_for_an_answer_was_late() -> None:
    """The answer behind it shows so."""
    round_trip = RoundTrip()
    round_trip.add(0.06)
    gaps = Gaps(round_trip)
    gaps.add(1, 2, 1.0)
    gaps.nacks(1.0)
    assert gaps.fill(1, 1.015, resent=False)
    gaps.receive_copy(1, 1.06, resent=False)
    gaps.add(2, 3, 2.0)
    assert gaps.nacks(2.0 + MARGIN * 0.0149) == []
    assert gaps.nacks(2.0 + MARGIN * 0.0151) == [2]


def test_the_answer_to_an_early_request_is_no_late_packet() -> None:
    """It may come just behind a repeated request."""
    round_trip = RoundTrip()
    round_trip.add(0.02)
    gaps = Gaps(round_trip)
    gaps.add(1, 2, 1.0)
    gaps.nacks(1.0)
    again = gaps.due_at() + 1e-9
    assert gaps.nacks(again) == [1] and gaps.fill(1, again + 0.001, resent=False)
    gaps.add(2, 3, 2.0)
    assert gaps.nacks(2.0) == [2]


@pytest.mark.parametrize("marked", [False, True])
def test_an_original_behind_the_answer_was_late(marked: bool) -> None:
    """A second retransmission says nothing of that."""
    round_trip = RoundTrip()
    round_trip.add(0.001)
    gaps = Gaps(round_trip)
    gaps.add(1, 2, 1.0)
    gaps.nacks(1.0)
    assert gaps.fill(1, 1.002, resent=marked)
    gaps.receive_copy(1, 1.01, resent=True)
    gaps.add(2, 3, 2.0)
    assert gaps.nacks(2.0) == [2] and gaps.give_up(3)
    gaps.receive_copy(1, 1.0 + LATE, resent=False)
    gaps.add(3, 4, 3.0)
    assert gaps.nacks(3.0 + LATE) == [] and gaps.nacks(3.0 + MARGIN * LATE + 1e-9) == [3]


def test_a_suspected_packet_is_requested_once() -> None:
    """If a later packet shows that the suspected packet is missing, the request is repeated after a
    round trip.
    """
    round_trip = RoundTrip()
    gaps = Gaps(round_trip)
    assert gaps.suspect(0xFFFF, 2, 1.0) == [0xFFFF, 0]
    assert gaps.suspect(0xFFFF, 3, 1.001) == [1]
    assert not gaps.missing and gaps.due_at() == inf
    gaps.add(0xFFFF, 0x10001, 1.002)
    assert gaps.nacks(1.002) == []
    assert gaps.nacks(1.0 + round_trip.retry + 1e-9) == [0xFFFF, 0]


def test_an_answer_to_a_suspicion_measures_the_round_trip() -> None:
    round_trip = RoundTrip()
    gaps = Gaps(round_trip)
    gaps.suspect(5, 1, 1.0)
    assert gaps.confirm(5, 1.02) and round_trip.least == pytest.approx(0.02)
    assert not gaps.confirm(5, 1.03) and not gaps.confirm(6, 1.03)


def test_nothing_is_suspected_on_a_path_that_reorders() -> None:
    gaps = Gaps(RoundTrip())
    gaps.add(1, 2, 1.0)
    assert gaps.fill(1, 1.01, resent=False)
    assert gaps.suspect(3, 1, 2.0) == []


def test_suspected_packets_are_bounded() -> None:
    gaps = Gaps(RoundTrip())
    assert gaps.suspect(0, MAX_SUSPECTED + 1, 1.0) == []
    for first in range(50):
        gaps.suspect(first, MAX_SUSPECTED, 1.0)
        assert len(gaps._suspected) <= MAX_SUSPECTED
    gaps.clear()
    assert not gaps._suspected


def test_answered_gaps_are_bounded() -> None:
    gaps = Gaps(RoundTrip())
    for number in range(2 * MAX_ANSWERED):
        gaps.add(number, number + 1, number)
        gaps.nacks(number)
        assert gaps.fill(number, number + 0.001, resent=True)
    assert len(gaps._answered) == MAX_ANSWERED
    gaps.clear()
    assert not gaps._answered


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("loss", [0.05, 0.1])
@pytest.mark.parametrize("round_trip", [0.001, 0.06])
def test_a_lost_packet_is_repaired_after_a_round_trip(
    loss: float, round_trip: float, marked: bool
) -> None:
    """99 % arrive after the second request at the latest, which comes one round trip and its
    variation behind the first request. No packet is requested without need.
    """
    path = LossyPath(loss=loss, round_trip=round_trip, marked=marked)
    path.run(40)
    repairs = sorted(path.repairs)
    assert len(repairs) > 200 and repairs[len(repairs) // 2] < round_trip + 0.001
    requests = 2 if loss < 0.1 else 3
    again = max(SHORTEST, round_trip + 0.013) + 0.002
    assert repairs[len(repairs) * 99 // 100] < round_trip + (requests - 1) * again
    assert path.requested < 1.1 / (1 - loss) * path.lost


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("late", [0.01, 0.2])
@pytest.mark.parametrize("round_trip", [0.001, 0.06])
def test_late_packets_are_not_requested(round_trip: float, late: float, marked: bool) -> None:
    """A path that loses 5 % and reorders by 30 ms: at most 1.2 requests for a lost packet."""
    path = LossyPath(loss=0.05, round_trip=round_trip, late=late, marked=marked)
    path.run(40)
    assert path.lost > 200 and path.requested < 1.2 * path.lost
