"""What the viewers of one process received."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Since the last look."""

    bytes: int = 0
    messages: int = 0
    """Over the WebSocket messages, over WebRTC packets, over HLS parts."""
    gaps: int = 0
    """What was left out for a viewer, or did not come: records missing in a track's sequence,
    packets, parts.
    """
    unreadable: int = 0
    """Packets that could not be decrypted, of the sample that was tried."""
    delays: list[float] = field(default_factory=list)
    """ms from publishing to the last byte, of probes."""
