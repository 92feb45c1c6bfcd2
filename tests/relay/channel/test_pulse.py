"""Batches grow while the event loop is late, and shrink when it is not."""

import pytest

from relay.channel.pulse import MAX_BATCH, RECENT_MAX, Pulse
from tests.fixtures.deadline import eventually


def test_batches_follow_the_lateness() -> None:
    """Each late beat makes a batch longer by one, up to a limit. Each punctual beat makes it
    shorter by one. Between the two, nothing changes.
    """
    pulse = Pulse()
    seen = []
    for lateness in [0.0, 0.1, 0.1, 0.06, 0.06, 0.01, 0.01, 0.01]:
        pulse.observe(lateness)
        seen.append(pulse.batch)
    assert seen == [1, 2, 3, 3, 3, 2, 1, 1]
    for _ in range(50):
        pulse.observe(1.0)
    assert pulse.batch == MAX_BATCH and pulse.worst == 1.0


async def test_it_beats_until_it_is_closed() -> None:
    """A started pulse measures; a closed one leaves no timer."""
    pulse = Pulse()
    pulse.start()
    await eventually(lambda: pulse.worst > 0)
    pulse.close()
    assert pulse._timer and pulse._timer.cancelled()


def test_recent_lateness_is_taken_once() -> None:
    """It is taken as mean and maximum, since one pause has little effect on the mean. Values are
    bounded.
    """
    pulse = Pulse()
    pulse._due = 100.0
    for lateness in [0.0] * 9 + [0.2]:
        pulse.observe(lateness)
    assert pulse.take_recent(99.0) == pytest.approx((0.02, 0.2))
    assert pulse.take_recent(99.0) == (0.0, 0.0)
    assert pulse.take_recent(100.5) == (0.5, 0.5)  # the next call of the timer is overdue
    for _ in range(10 * RECENT_MAX):
        pulse.observe(0.01)
    assert len(pulse._recent) == RECENT_MAX
