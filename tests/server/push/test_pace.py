"""How pushes make way for media."""

import pytest

from server.push.pace import CHANGE_EVERY, LATE, LONGEST, SHORTEST, Pace


def test_pushes_are_spread_over_time() -> None:
    pace = Pace()
    begun = [pace.reserve(10.0) for _ in range(3)]
    assert begun == pytest.approx([10.0, 10.0 + SHORTEST, 10.0 + 2 * SHORTEST], abs=1e-9)
    assert pace.reserve(20.0) == 20.0, "a pause gives no credit"
    assert pace.reserve(20.0) == pytest.approx(20.0 + SHORTEST)


def test_pushes_slow_down_while_the_loop_is_late() -> None:
    pace = Pace()
    for step in range(100):
        now = step * CHANGE_EVERY
        pace.began(now - 2 * LATE, now)
    assert pace.interval == LONGEST
    for step in range(100, 200):
        now = step * CHANGE_EVERY
        pace.began(now - LATE / 2, now)
    assert pace.interval == SHORTEST


def test_one_delay_counts_once() -> None:
    """It makes all pushes late that wait at that time."""
    pace = Pace()
    for _ in range(50):
        pace.began(1.0, 1.0 + 2 * LATE)
    assert pace.interval == pytest.approx(1.5 * SHORTEST)
