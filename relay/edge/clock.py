"""The clock of an origin, measured by an edge. Pure."""

from typing import Final

KEEP_S: Final = 60.0
"""Time for which a measurement counts, s."""
MAX_MEASUREMENTS: Final = 32


class OriginClock:
    """How far the clock of an origin is ahead of this node's clock. Of the measurements of the last
    minute, the one with the shortest round trip counts.
    """

    def __init__(self) -> None:
        self._found: list[tuple[float, int, int]] = []
        """Of each measurement: when it was made (s), its round trip and the difference (µs)."""

    @property
    def ahead(self) -> int:
        """The difference of the clocks, µs; 0 before the first measurement."""
        if not self._found:
            return 0
        return min(self._found, key=lambda one: one[1])[2]

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
