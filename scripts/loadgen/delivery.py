"""Counters of what the viewers of one process received."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Delivery:
    """The counts since the last call of `take_figures()`."""

    bytes: int = 0
    messages: int = 0
    """Number of WebSocket messages, RTP packets or HLS parts received."""
    gaps: int = 0
    """Amount of media that was dropped for a viewer, or lost: records missing in the sequence of a
    track, or packets, or parts.
    """
    events: int = 0
    """Number of event records received."""
    event_gaps: int = 0
    """Number of events missing in the sequence of a viewer's events."""
    unreadable: int = 0
    """Number of RTP packets that could not be decrypted. Only a sample of all packets is decrypted.
    """
    delays: list[float] = field(default_factory=list)
    """Delays measured by probes, ms, from publishing to the arrival of the last byte."""
