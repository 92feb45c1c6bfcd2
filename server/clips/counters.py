"""The totals of clips since the process began. Pure."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class ClipCounters:
    drafts: int = 0
    """Number of drafts that could be played."""
    finished: Counter[str] = field(default_factory=Counter)
    """Number of clips that were published or wait for their creator, by state."""
    failed: int = 0
    """Number of drafts and clips that could not be made or stored."""
    deleted: int = 0
