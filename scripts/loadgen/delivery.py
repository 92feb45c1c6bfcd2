"""Counts what the viewers of one process received."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Delivery:
    """The counts since the last report."""

    bytes: int = 0
    messages: int = 0
    """WebSocket messages, RTP packets or HLS parts."""
    gaps: int = 0
    """Media that was dropped for a viewer or lost: records missing in a track's sequence, or
    packets, or parts.
    """
    events: int = 0
    """Event records of channels."""
    event_gaps: int = 0
    """Events missing in their sequence."""
    unreadable: int = 0
    """Packets of the decrypted sample that could not be decrypted."""
    delays: list[float] = field(default_factory=list)
    """Delays of probes: ms from publishing to the last byte."""
