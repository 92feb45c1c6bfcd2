"""The clock of an origin, measured by an edge. Pure."""

from typing import Final

KEEP_S: Final = 60.0
"""Time for which a measurement counts, s."""
MAX_MEASUREMENTS: Final = 32
EVERY_S: Final = 10.0
"""Time between two rounds of measurements, s."""
FIRST: Final = 5
"""Number of measurements that a clock must have. A busy machine answers some of them late."""


class OriginClock:
    """How far the clock of an origin is ahead of this node's clock. Of the measurements of the last
    minute, the one with the shortest round trip counts.
    """

    def __init__(self) -> None:
        self._found: list[tuple[float, int, int]] = []
        """Of each measurement: when it was made (s), its round trip and the difference (µs)."""
        self._due_at: float | None = None

    @property
    def ahead(self) -> int:
        """The difference of the clocks, µs; 0 before the first measurement."""
        if not self._found:
            return 0
        return min(self._found, key=lambda one: one[1])[2]

    def due(self, now: float) -> int:
        """Returns how many measurements must be made now, one after the other, and takes note that
        they are made. `now`: s of any clock.
        """
        if self._due_at is not None and now < self._due_at:
            return 0
        self._due_at = now + EVERY_S
        return max(1, FIRST - len(self._found))

    def add(self, sent: int, received: int, origin: int, now: float) -> None:
        """Takes a measurement. `sent`, `received`: when the request was sent and the answer
        arrived, by this node's clock; `origin`: the time in the answer; all in µs since the Unix
        epoch. `now`: s of any clock.
        """
        if received < sent:  # this node's clock was set back meanwhile
            return
        self._found = [one for one in self._found if now - one[0] < KEEP_S]
        self._found = self._found[1 - MAX_MEASUREMENTS :]
        self._found.append((now, received - sent, origin - (sent + received) // 2))
