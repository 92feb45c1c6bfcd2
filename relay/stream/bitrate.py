"""The bit rate of a stream. Pure."""

EVERY = 1_000_000
"""Interval between two values of the bit rate, µs."""
PAUSE = 10_000_000
"""Time without a sample after which the measurement restarts, µs."""


class BitRate:
    """Measures a bit rate. Each value is the mean of the latest measurement and the
    previous value.
    """

    __slots__ = ("_bytes", "_since", "value")

    def __init__(self) -> None:
        self.value = 0.0
        """Bit rate, bit/s; 0 during the first second."""
        self._since = 0
        self._bytes = 0

    def add(self, size: int, now: int) -> None:
        """Counts a sample. `size`: bytes; `now`: µs on any clock."""
        self._bytes += size
        elapsed = now - self._since
        if not 0 <= elapsed < PAUSE:
            self._since, self._bytes = now, 0
        elif elapsed >= EVERY:
            rate = self._bytes * 8_000_000 / elapsed
            self.value = 0.5 * (self.value + rate) if self.value else rate
            self._since, self._bytes = now, 0
