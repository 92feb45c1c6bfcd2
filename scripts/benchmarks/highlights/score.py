"""Compares the moments that were found in a live with the known ones. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

BEST = 3
"""Number of moments that count: precision@3."""
MAX_LENGTH = 30.0
"""Maximum length of a moment that counts, seconds. A longer moment shows too much besides the
event.
"""
AFTER = 2.0
"""Minimum time from the known event to the end of the moment, seconds."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a live, in seconds of media time."""

    start: float
    end: float

    def shows(self, event: float) -> bool:
        """Whether a viewer of this span sees the event, and what follows the event."""
        short = self.end - self.start <= MAX_LENGTH
        return short and self.start <= event <= self.end - AFTER


def precision(found: Sequence[Span], known: Sequence[float]) -> float:
    """Returns the share of the best three moments that show a known event. An event counts once,
    and a missing moment counts as a wrong moment. `found`: the best moment first.
    """
    left = list(known)
    right = 0
    for span in found[:BEST]:
        shown = next((event for event in left if span.shows(event)), None)
        if shown is not None:
            left.remove(shown)
            right += 1
    return right / BEST
