"""Missing packets: when each is requested, and when it is given up."""

from relay.rtc.receive.gaps import MAX_NACKS, MAX_PATIENCE, Gaps
from relay.rtc.roundtrip import MIN_DEADLINE, RoundTrip


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
