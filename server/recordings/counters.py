"""The totals of all recordings since the process began. Pure."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class RecordingCounters:
    bytes: int = 0
    """Size of the segments that were stored."""
    segments: int = 0
    """Number of segments that were stored."""
    lost: int = 0
    """Number of samples that were left out because the object store or the database was slow."""
    retries: int = 0
    """Number of attempts to store a segment that failed and were repeated."""
    stopped: Counter[str] = field(default_factory=Counter)
    """Number of recordings that ended before their live, by reason."""
