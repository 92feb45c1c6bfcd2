"""The counters that every WebRTC session has. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class PeerCounters:
    """The counters that every WebRTC session has."""

    rejected: int = 0
    """Number of datagrams that did not come from the peer or could not be parsed."""
