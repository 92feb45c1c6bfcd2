"""The round trip time to a peer, and the deadlines derived from it (RFC 6298 §2). Pure."""

SHORTEST, LONGEST = 0.012, 0.2
"""Minimum and maximum of `retry`, in seconds. With a higher maximum, viewers would wait too long
for a packet whose first request was lost.
"""
GRANULARITY = 0.01
"""Maximum delay that the peer's timer adds to an answer, seconds."""
MIN_DEADLINE, MAX_DEADLINE = 0.1, 0.4
ATTEMPTS = 5
"""Maximum number of requests for one missing packet; `deadline` is long enough for all these
requests. At 10 % loss in each direction, one in 4,000 missing packets is still missing after five
requests.
"""


class RoundTrip:
    """The smoothed round trip time and its variation, in seconds."""

    def __init__(self) -> None:
        self.least: float | None = None
        """The shortest round trip time, in seconds; None before the first measurement."""
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
        """Time after which an unanswered request is repeated, seconds; 0.04 before the first
        measurement.
        """
        if self.smoothed is None:
            return 0.04
        return min(LONGEST, max(SHORTEST, self.smoothed + 4 * self._variation + GRANULARITY))

    @property
    def deadline(self) -> float:
        """Time after which a gap is given up, seconds. This time is long enough for ATTEMPTS
        requests, but never longer than MAX_DEADLINE. A longer wait is useless, because a new
        keyframe can arrive within MAX_DEADLINE.
        """
        return min(MAX_DEADLINE, max(MIN_DEADLINE, ATTEMPTS * self.retry))
