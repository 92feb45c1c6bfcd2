"""How long a packet takes to the sender and back (RFC 6298 §2). Pure: samples in seconds."""

SHORTEST, LONGEST = 0.02, 0.2
"""Bounds of `retry`: our own timer's tick, and what a viewer can wait for."""
GRANULARITY = 0.01
"""Seconds by which an answer may be late because somebody's timer ticks."""
MIN_DEADLINE, MAX_DEADLINE = 0.08, 0.4
ATTEMPTS = 5
"""Requests that a missing packet is worth: with one in ten lost each way, one in 4,000 is missing
after as many.
"""


class RoundTrip:
    """Smoothed round trip and its variation, and what follows from them."""

    def __init__(self) -> None:
        self.least: float | None = None
        """The shortest seen; None before the first sample."""
        self.smoothed: float | None = None
        self._variation = 0.0

    def add(self, sample: float) -> None:
        sample = max(0.0, sample)
        self.least = sample if self.least is None else min(sample, self.least)
        if self.smoothed is None:
            self.smoothed, self._variation = sample, sample / 2
        else:
            self._variation += (abs(sample - self.smoothed) - self._variation) / 4
            self.smoothed += (sample - self.smoothed) / 8

    @property
    def retry(self) -> float:
        """Seconds after which an answer to a request should have come; 40 ms while nothing was
        measured.
        """
        if self.smoothed is None:
            return 0.04
        return min(LONGEST, max(SHORTEST, self.smoothed + 4 * self._variation + GRANULARITY))

    @property
    def deadline(self) -> float:
        """Seconds after which a gap is given up: time for some requests, but no longer than an IDR
        would take to come.
        """
        return min(MAX_DEADLINE, max(MIN_DEADLINE, ATTEMPTS * self.retry))
