"""The round trip, and the deadlines of retransmission requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.receive.gaps import MARGIN, MAX_NACKS, MAX_PATIENCE, Gaps
from relay.rtc.roundtrip import LONGEST, MAX_DEADLINE, MIN_DEADLINE, SHORTEST, RoundTrip


def measured(*samples: float) -> RoundTrip:
    round_trip = RoundTrip()
    for sample in samples:
        round_trip.add(sample)
    return round_trip


@given(st.lists(st.floats(-1, 10), max_size=50))
def test_bounds_hold_whatever_is_measured(samples: list[float]) -> None:
    """For any samples: requests are repeated every 12 to 200 ms, and the deadline is 100 to 400
    ms, enough for two requests.
    """
    round_trip = measured(*samples)
    assert SHORTEST <= round_trip.retry <= LONGEST
    assert MIN_DEADLINE <= round_trip.deadline <= MAX_DEADLINE
    assert round_trip.deadline >= 2 * round_trip.retry
    assert round_trip.least == (max(0.0, min(samples)) if samples else None)


def test_a_longer_round_trip_waits_longer() -> None:
    """On a short path a request is repeated after 12 ms, on one of 60 ms a little later than that.
    Jitter adds to it.
    """
    near, far, shaky = measured(*[0.001] * 30), measured(*[0.06] * 30), measured(*[0.03, 0.09] * 15)
    assert near.retry == SHORTEST and near.deadline == MIN_DEADLINE
    assert 0.06 < far.retry < 0.08 and far.deadline < MAX_DEADLINE
    assert shaky.retry > far.retry


def test_an_answer_to_one_request_is_a_sample() -> None:
    """A packet requested once and retransmitted measures the round trip; one requested twice, or
    merely late, does not.
    """
    round_trip = RoundTrip()
    gaps = Gaps(round_trip)
    gaps.add(10, 13, 0.0)
    assert gaps.nacks(0.0) == [10, 11, 12]
    assert gaps.fill(10, 0.03, resent=True) and round_trip.smoothed == pytest.approx(0.03)
    assert gaps.fill(11, 0.01, resent=False) and round_trip.least == pytest.approx(0.03)
    assert gaps.nacks(0.2) == [12]
    assert gaps.fill(12, 0.21, resent=True) and round_trip.smoothed == pytest.approx(0.03)
    assert not gaps.missing and not gaps.fill(12, 0.22, resent=True)


def test_reordering_delays_the_first_request() -> None:
    """On a path that reorders packets the first request waits a little. Successful retransmissions
    shorten that again.
    """
    gaps = Gaps(RoundTrip())
    gaps.add(1, 2, 0.0)
    gaps.fill(1, 0.012, resent=False)
    gaps.add(2, 3, 1.0)
    assert gaps.nacks(1.005) == [] and gaps.nacks(1.0 + MARGIN * 0.0121) == [2]
    gaps.fill(2, 1.5, resent=False)
    gaps.add(3, 4, 2.0)
    assert gaps.nacks(2.0 + MAX_PATIENCE + 1e-9) == [3]
    assert gaps.give_up(4) == 1
    for number in range(4, 60):
        gaps.add(number, number + 1, 3.0 + number)
        gaps.nacks(3.5 + number)
        gaps.fill(number, 3.51 + number, resent=True)
    gaps.add(60, 61, 100.0)
    assert gaps.nacks(100.001) == [60]


@given(st.integers(-70_000, 70_000), st.integers(1, 3_000))
def test_requests_are_bounded_and_in_order(first: int, count: int) -> None:
    """At most 128 at a time, as 16-bit numbers in sending order. All packets are requested in turn,
    and given up together.
    """
    gaps = Gaps(RoundTrip())
    gaps.add(first, first + count, 0.0)
    asked: list[int] = []
    while wanted := gaps.nacks(0.0):
        assert len(wanted) <= MAX_NACKS
        asked += wanted
    assert asked == [number & 0xFFFF for number in range(first, first + count)]
    assert not gaps.overdue(0.099) and gaps.overdue(0.401)
    assert gaps.give_up(first + count) == count and not gaps.overdue(9.0)
