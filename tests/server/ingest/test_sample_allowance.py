"""How many samples a publisher may send before their delivery is charged to it."""

from server.ingest.sample_allowance import (
    BURST,
    EXCESS_BURST,
    EXCESS_PER_SECOND,
    PER_SECOND,
    SampleAllowance,
)


def taken(per_second: int, seconds: int) -> int:
    allowance = SampleAllowance()
    step = 1_000_000 // per_second
    return sum(allowance.take(number * step) for number in range(per_second * seconds))


def test_an_honest_publisher_stays_within_it() -> None:
    """60 frames and 100 audio packets a second."""
    assert taken(160, 600) == 160 * 600


def test_a_flood_of_tiny_frames_does_not() -> None:
    assert taken(3_000, 10) <= BURST + 10 * PER_SECOND + 1


def excessive_after(per_second: int, seconds: int) -> float | None:
    """Seconds until a publisher counts as excessive."""
    allowance = SampleAllowance()
    step = 1_000_000 // per_second
    for number in range(per_second * seconds):
        allowance.take(number * step)
        if allowance.excessive:
            return number / per_second
    return None


def test_only_a_flood_is_excessive() -> None:
    """240 frames and 100 audio packets a second are more than the allowance, but no flood."""
    assert excessive_after(340, 600) is None
    rest = 3_000 - PER_SECOND - EXCESS_PER_SECOND
    after = excessive_after(3_000, 10)
    assert after is not None and after < 1.2 * (BURST + EXCESS_BURST) / rest < 1.0


def test_a_clock_that_goes_back_gives_nothing() -> None:
    allowance = SampleAllowance()
    for _ in range(BURST):
        assert allowance.take(1_000_000)
    assert not allowance.take(500_000)
    assert not allowance.take(500_001)
