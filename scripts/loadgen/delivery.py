"""Counters of the media and events that the viewers of one process received."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Delivery:
    """Counters of received media and events since the last call of `take_figures()`."""

    bytes: int = 0
    messages: int = 0
    """Number of WebSocket messages, RTP packets or HLS parts received."""
    gaps: int = 0
    """Number of missing items: records of a track, RTP packets or HLS parts. Either the server
    dropped these items for a viewer, or the network lost them.
    """
    events: int = 0
    """Number of event records received."""
    event_bytes: int = 0
    """Size of the bodies of the event records, bytes."""
    event_gaps: int = 0
    """Number of missing events: gaps in the sequence of the events that a viewer received."""
    unreadable: int = 0
    """Number of RTP packets that failed to decrypt. Viewers decrypt only a sample of all
    packets.
    """
    delays: list[float] = field(default_factory=list)
    """Delay of each message: from its publish time to the arrival of its last byte, ms. Only probes
    measure delays.
    """
