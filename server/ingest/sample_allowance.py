"""Limits the number of samples whose delivery time is not charged to the publisher. Without this
limit, an attacker could send many tiny samples to make the server spend time on delivery. Pure.
"""

from relay.rtc.bucket import TokenBucket

PER_SECOND = 200
"""Number of samples per second whose delivery time is not charged to the publisher. Video at 60
frames per second and audio in packets of 10 ms have 160 samples per second.
"""
BURST = 400
"""Number of samples that are not charged if they arrive at once, such as after an interruption of
the network.
"""


class SampleAllowance:
    """A token bucket of samples. `now` is in µs."""

    def __init__(self) -> None:
        self._bucket = TokenBucket(PER_SECOND, BURST)

    def take(self, now: int) -> bool:
        """Counts a sample. Returns whether the sample is within the allowance."""
        return self._bucket.take(now / 1_000_000)
