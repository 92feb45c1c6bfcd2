"""Totals over the feeds of this node. Pure."""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final

DELAYS_MS: Final = (1, 2, 3, 5, 8, 12, 20, 50, 100, 200, 500, 1_000)
"""Upper limits of the classes in which delays are counted, ms. A last class has no limit."""


@dataclass(slots=True)
class OriginCounters:
    """Totals since the process began."""

    messages: int = 0
    """Number of feed messages that were sent."""
    octets: int = 0
    dropped: int = 0
    """Number of feed messages that the connection to NATS did not take."""
    joins: int = 0
    refused: int = 0
    """Number of joins that were refused, and of malformed control messages."""


@dataclass(slots=True)
class EdgeCounters:
    """Totals since the process began."""

    messages: int = 0
    """Number of feed messages that arrived."""
    octets: int = 0
    old: int = 0
    """Number of feed messages that came twice, or too late."""
    gaps: int = 0
    """Number of times that feed messages were missing."""
    silences: int = 0
    """Number of times that an origin was silent for too long."""
    malformed: int = 0
    """Number of feed messages that were dropped because they do not follow FEED.md."""
    joins: int = 0
    failed: int = 0
    """Number of joins that failed."""
    dropped: int = 0
    """Number of notices that were not sent to the origin, because there were too many."""
    delays: list[int] = field(default_factory=lambda: [0] * (len(DELAYS_MS) + 1))
    """Number of media messages by their delay: from the arrival of the media at the origin to the
    arrival of the message here.
    """
    delay_us: int = 0
    """Sum of these delays, µs."""

    def add_delay(self, delay: int) -> None:
        """Counts the delay of a media message, µs."""
        delay = max(delay, 0)
        self.delays[bisect_left(DELAYS_MS, delay / 1_000)] += 1
        self.delay_us += delay
