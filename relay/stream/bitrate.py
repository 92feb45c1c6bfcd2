"""The bit rate of a stream. Pure."""

EVERY = 1_000_000
"""µs between two values."""
PAUSE = 10_000_000
"""After this many µs without a sample, counting restarts."""


class BitRate:
    """Counts bytes per second. Each value is the mean of the new count and the last value."""

    def __init__(self) -> None:
        self.value = 0.0
        """bit/s; 0 before the first second is over."""
        self._since = 0
        self._bytes = 0

    def add(self, size: int, now: int) -> None:
        """`size`: bytes; `now`: µs on any clock."""
        self._bytes += size
        elapsed = now - self._since
        if not 0 <= elapsed < PAUSE:
            self._since, self._bytes = now, 0
        elif elapsed >= EVERY:
            rate = self._bytes * 8_000_000 / elapsed
            self.value = 0.5 * (self.value + rate) if self.value else rate
            self._since, self._bytes = now, 0
