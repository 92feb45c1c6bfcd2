"""Spreads the work for pushes over time, so that the event loop forwards media in between. Pure."""

SHORTEST, LONGEST = 0.0004, 0.05
"""Bounds of the interval between two pushes, seconds. The shortest one allows 10,000 in 4 s."""
LATE = 0.008
"""Lateness of the event loop from which on pushes slow down, seconds."""


class Pace:
    """Times the pushes. The interval grows while the event loop is late, and shrinks when it is on
    time. Times are in seconds, from one monotonic clock.
    """

    def __init__(self) -> None:
        self.interval = SHORTEST
        self._next = float("-inf")

    def reserve(self, now: float) -> float:
        """Reserves the time for one push. Returns the time at which it may begin."""
        self._next = max(now, self._next + self.interval)
        return self._next

    def began(self, planned: float, now: float) -> None:
        """Takes the time at which a push could begin, and the time that `reserve` returned."""
        if now - planned > LATE:
            self.interval = min(LONGEST, self.interval * 1.5)
        else:
            self.interval = max(SHORTEST, self.interval * 0.98)
