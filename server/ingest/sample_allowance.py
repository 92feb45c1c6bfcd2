"""Limits the samples whose delivery is free for a publisher. An attacker may send many tiny samples
to make the server spend time on delivery. Pure.
"""

from relay.rtc.bucket import TokenBucket

PER_SECOND = 200
"""Number of samples that a publisher may send per second: video at 60 frames per second and audio
in packets of 10 ms make 160.
"""
BURST = 400
"""Number of samples that may arrive together, after a gap in the network."""


class SampleAllowance:
    """A token bucket of samples. `now` is in µs."""

    def __init__(self) -> None:
        self._bucket = TokenBucket(PER_SECOND, BURST)

    def take(self, now: int) -> bool:
        """Counts a sample. Returns whether the sample is within the allowance."""
        return self._bucket.take(now / 1_000_000)
