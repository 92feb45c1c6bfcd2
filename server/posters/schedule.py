"""Which live gets a new poster next, and how much time posters may take. Pure. Times are seconds of
one monotonic clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass

EVERY = 10.0
"""Minimum age at which a poster is replaced, seconds."""
SHARE = 0.1
"""Share of a core that all posters together may use."""
SAVED = 1.0
"""Maximum unused time that posters may use later, seconds."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A live. `tried_at`: time of the last attempt to make its poster; None before the first
    attempt.
    """

    room: str
    viewers: int
    tried_at: float | None


def most_urgent(lives: Iterable[Candidate], now: float) -> Candidate | None:
    """Returns the live whose poster is made next. Returns None if every poster is new enough.

    Lives without a poster come first, then those with the highest product of viewers and age: the
    most watched first, while no live waits for ever.
    """
    due = [live for live in lives if live.tried_at is None or now - live.tried_at >= EVERY]
    return max(due, key=lambda live: _urgency(live, now), default=None)


def _urgency(live: Candidate, now: float) -> tuple[bool, float]:
    if live.tried_at is None:
        return True, float(live.viewers)
    return False, (live.viewers + 1) * (now - live.tried_at)


class Allowance:
    """The time that posters may take. A poster may be made while some time is left. The time that
    the poster took is subtracted afterwards.
    """

    def __init__(self, now: float) -> None:
        self._left = SAVED
        self._counted_at = now

    def delay(self, now: float) -> float:
        """Returns the seconds until the next poster may be made."""
        self._left = min(SAVED, self._left + (now - self._counted_at) * SHARE)
        self._counted_at = now
        return max(0.0, -self._left / SHARE)

    def spend(self, seconds: float) -> None:
        self._left -= seconds
