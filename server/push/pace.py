"""Spreads the work for pushes over time, so that the event loop forwards media in between. Pure."""

SHORTEST, LONGEST = 0.0004, 0.005
"""Bounds of the interval between two pushes, seconds. The shortest one allows 10,000 in 4 s."""
LATE = 0.01
"""Lateness of the event loop from which on pushes slow down, seconds."""
CHANGE_EVERY = 0.02
"""Minimum seconds between two changes of the interval: one delay makes many pushes late."""


class Pace:
    """Times the pushes. The interval grows while the event loop is late, and shrinks when it is on
    time. Times are in seconds, from one monotonic clock.
    """

    def __init__(self) -> None:
        self.interval = SHORTEST
        self._next = self._changed = float("-inf")

    def reserve(self, now: float) -> float:
        """Reserves the time for one push. Returns the time at which it may begin."""
        self._next = max(now, self._next + self.interval)
        return self._next

    def began(self, planned: float, now: float) -> None:
        """Takes the time at which a push could begin, and the time that `reserve` returned."""
        if now - self._changed < CHANGE_EVERY:
            return
        self._changed = now
        if now - planned > LATE:
            self.interval = min(LONGEST, self.interval * 1.5)
        else:
            self.interval = max(SHORTEST, self.interval * 0.8)
