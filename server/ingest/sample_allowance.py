"""Limits the samples whose delivery is free for a publisher. An attacker may send many tiny samples
to make the server spend time on delivery. Pure.
"""

PER_SECOND = 200
"""Number of samples that a publisher may send per second: video at 60 frames per second and audio
in packets of 10 ms make 160.
"""
BURST = 400
"""Number of samples that may arrive together, after a gap in the network."""


class SampleAllowance:
    """A token bucket of samples. `now` is in µs."""

    def __init__(self) -> None:
        self._tokens = float(BURST)
        self._counted_at: int | None = None

    def take(self, now: int) -> bool:
        """Counts a sample. Returns whether the sample is within the allowance."""
        if self._counted_at is not None and now > self._counted_at:
            earned = (now - self._counted_at) * PER_SECOND / 1_000_000
            self._tokens = min(float(BURST), self._tokens + earned)
        self._counted_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
