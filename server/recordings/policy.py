"""The settings of recordings. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

DAY = 86_400.0


class Keep(StrEnum):
    """What a creator has chosen: whether the replay of a live is kept."""

    YES = "yes"
    DAY = "day"
    """The replay is kept for 24 hours after the end of the live."""
    NO = "no"


class Note(StrEnum):
    """Why a recording stopped before the end of its live."""

    DISK_FULL = "disk_full"
    TOO_LONG = "too_long"
    STORE_FAILED = "store_failed"
    OVER_LIMIT = "over_limit"
    """The recordings that run now reach the limit of the server, and no older recording is left to
    delete.
    """


@dataclass(frozen=True, slots=True)
class RecordingPolicy:
    keep: Keep = Keep.DAY
    """The choice for creators who have not chosen."""
    max_age: float = 30 * DAY
    """Maximum seconds for which a replay is kept after the end of its live."""
    max_length: float = 4 * 3_600.0
    """Maximum seconds of a live that are recorded."""
    max_bytes: int = 20 << 30
    """Maximum size of all recordings and clips of all servers together."""

    @property
    def ages(self) -> Mapping[str, float]:
        """Seconds for which a replay is kept, by what its creator has chosen. The mapping has no
        entry for `no`.
        """
        return {Keep.YES.value: self.max_age, Keep.DAY.value: min(DAY, self.max_age)}
