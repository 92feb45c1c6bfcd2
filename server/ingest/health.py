"""How well a publisher's media arrives, for the creator. Pure.

This module is not compiled: pydantic reads its annotations, which mypyc does not keep.
"""

from dataclasses import dataclass, field

from server.ingest.missing import Missing

SPAN = 5
"""Length of the period for which gaps and losses are reported, seconds."""


@dataclass(frozen=True, slots=True)
class IngestHealth:
    """The ingest part of a room's health (server/API.md). A figure is None until it has been
    measured.
    """

    bitrate: int | None
    """Bitrate over the last second, bit/s."""
    fps: float | None
    gap: int
    """Longest time without a frame in the last SPAN seconds, ms."""
    repaired: int
    """Number of packets that were lost and retransmitted in time, over the last SPAN seconds."""
    lost: int
    """Number of packets that were lost and not retransmitted in time, over the last SPAN
    seconds.
    """
    keyframe_age: int | None
    """Time since the last keyframe, ms."""
    round_trip: int | None
    """Round-trip time to the publisher, ms."""
    missing: list[Missing] = field(default_factory=list)
    """What viewers miss, and why. Empty while picture and sound arrive."""
