"""A token bucket."""

from relay.rtc.bucket import TokenBucket


def test_a_burst_and_then_a_rate() -> None:
    bucket = TokenBucket(10, 20)
    assert [bucket.take(5.0) for _ in range(21)] == [True] * 20 + [False]
    assert [bucket.take(5.5) for _ in range(6)] == [True] * 5 + [False]
    assert [bucket.take(100.0) for _ in range(21)] == [True] * 20 + [False]


def test_several_units_are_taken_together_or_not_at_all() -> None:
    bucket = TokenBucket(1, 10)
    assert bucket.take(0.0, 8) and not bucket.take(0.0, 3) and bucket.take(0.0, 2)


def test_some_units_are_taken_if_not_all_are_left() -> None:
    bucket = TokenBucket(1, 10)
    assert [bucket.take_some(0.0, 7), bucket.take_some(0.0, 7), bucket.take_some(0.5, 7)] == [
        7,
        3,
        0,
    ]


def test_a_token_can_be_seen_without_taking_it() -> None:
    bucket = TokenBucket(1, 1)
    assert bucket.holds(0.0) and bucket.holds(0.0) and bucket.take(0.0)
    assert not bucket.holds(0.5) and bucket.holds(1.0)


def test_a_clock_that_goes_back_adds_nothing() -> None:
    bucket = TokenBucket(10, 1)
    assert bucket.take(5.0) and not bucket.take(4.0)
