"""Counters of every WebRTC session. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class PeerCounters:
    """Counters that all sessions have."""

    rejected: int = 0
    """Datagrams that were not from the peer or could not be parsed."""
