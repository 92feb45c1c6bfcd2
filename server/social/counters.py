"""Totals of the actions of people in all rooms of this process. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from relay.errors import RefusalCode


@dataclass(slots=True)
class SocialCounters:
    """Totals since the process began."""

    messages: int = 0
    """Number of chat messages that are stored."""
    taps: int = 0
    """Number of taps on reactions."""
    votes: int = 0
    """Number of votes that are stored, changed votes included."""
    lost_reactions: int = 0
    """Number of seconds whose reactions were dropped because they could not be stored."""
    refused: Counter[RefusalCode] = field(
        default_factory=lambda: Counter({RefusalCode.RATE_LIMITED: 0})
    )
    """Number of refused commands of people, by the code of the refusal."""
