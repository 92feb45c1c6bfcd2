"""Totals about pushes. Pure."""

from collections import Counter
from dataclasses import dataclass, field

DROPPED = "dropped"
"""Result of a push for which a queue had no space."""


@dataclass(slots=True)
class PushCounters:
    """Totals since the process began."""

    results: Counter[str] = field(default_factory=Counter)
    """Number of pushes by result: those in client.py, and DROPPED."""
    lives: int = 0
    """Number of lives about which this server has told the followers."""
    held_back: int = 0
    """Number of lives without pushes, because there was a push about the creator lately."""
    forgotten: int = 0
    """Number of subscriptions that were deleted, because they are gone or not public."""
