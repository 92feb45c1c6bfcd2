"""How many samples a publisher may send before their delivery is charged to it."""

from server.ingest.sample_allowance import BURST, PER_SECOND, SampleAllowance


def taken(per_second: int, seconds: int) -> int:
    allowance = SampleAllowance()
    step = 1_000_000 // per_second
    return sum(allowance.take(number * step) for number in range(per_second * seconds))


def test_an_honest_publisher_stays_within_it() -> None:
    """60 frames and 100 audio packets a second."""
    assert taken(160, 600) == 160 * 600


def test_a_flood_of_tiny_frames_does_not() -> None:
    assert taken(3_000, 10) <= BURST + 10 * PER_SECOND + 1


def test_a_clock_that_goes_back_gives_nothing() -> None:
    allowance = SampleAllowance()
    for _ in range(BURST):
        assert allowance.take(1_000_000)
    assert not allowance.take(500_000)
    assert not allowance.take(500_001)
