"""What one owner of a room tells the next, besides what the database has, so that viewers and other
nodes go on without a new start. Pure.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

EVENTS, SESSIONS = 100_000, 1_000
"""Numbers that the next owner leaves out if the former owner is dead: those of events, and those of
the publisher's sessions.
"""


@dataclass(frozen=True, slots=True)
class HandOver:
    media_time: int = 0
    """Media time up to which the former owner published, µs."""
    stream: str = ""
    """Id of the stream; empty if it is unknown."""
    channel: str = ""
    """Id of the channel; empty if it is unknown."""
    event: int = 0
    """Number of the last event of the channel."""
    epoch: int = 0
    """Number of the last session of the publisher."""

    def after_a_crash(self) -> "HandOver":
        """Returns what the next owner goes on with if this was written some time before the former
        owner died.
        """
        return replace(self, event=self.event + EVENTS, epoch=self.epoch + SESSIONS)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_hand_over(found: Mapping[str, Any]) -> HandOver:
    """Raises KeyError, TypeError or ValueError."""
    return HandOver(
        int(found["media_time"]),
        str(found.get("stream", "")),
        str(found.get("channel", "")),
        int(found.get("event", 0)),
        int(found.get("epoch", 0)),
    )
