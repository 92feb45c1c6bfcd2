"""The counters that every WebRTC session has. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class PeerCounters:
    """The counters that every session has."""

    rejected: int = 0
    """Datagrams that did not come from the peer or could not be parsed."""
