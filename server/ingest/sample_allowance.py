"""Limits the number of samples that a publisher sends. Without this limit, an attacker could send
many tiny samples to make the server spend time on delivery. Pure.
"""

from relay.rtc.bucket import TokenBucket

PER_SECOND = 200
"""Number of samples per second whose delivery time is not charged to the publisher. Video at 60
frames per second and audio in packets of 10 ms together have 160 samples per second.
"""
BURST = 400
"""Number of samples that are not charged if they arrive at once, such as after an interruption of
the network.
"""
EXCESS_PER_SECOND = 300
"""Number of samples per second that a publisher may send beyond the allowance. With the allowance,
a publisher may send more than 240 frames and 100 audio packets per second.
"""
EXCESS_BURST = 1_000
"""Number of samples that a publisher may send at once beyond the allowance."""


class SampleAllowance:
    """Two token buckets: one for the samples within the allowance, and one for the samples beyond
    the allowance. `now` is in µs.
    """

    def __init__(self) -> None:
        self.excessive = False
        """Whether the publisher has sent more samples than the server accepts."""
        self._bucket = TokenBucket(PER_SECOND, BURST)
        self._excess = TokenBucket(EXCESS_PER_SECOND, EXCESS_BURST)

    def take(self, now: int) -> bool:
        """Counts a sample. Returns whether the sample is within the allowance."""
        seconds = now / 1_000_000
        if self._bucket.take(seconds):
            return True
        self.excessive = self.excessive or not self._excess.take(seconds)
        return False
