"""Spaces the events of one kind, so that a room sends few of them. Pure; `now` in seconds."""


class Spacing:
    """Allows one event in each interval. The first event is allowed at once."""

    def __init__(self, interval: float) -> None:
        """`interval`: minimum seconds between two events."""
        self._interval = interval
        self._next = float("-inf")

    def wait(self, now: float) -> float:
        """Returns the seconds until the next event may be sent; 0 if it may be sent now."""
        return max(self._next - now, 0.0)

    def sent(self, now: float) -> None:
        self._next = now + self._interval
