"""Totals of the WebSockets of this process. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class WebSocketCounters:
    """Totals since the process began."""

    joined: int = 0
    """Viewers that joined with media."""
    slowed: int = 0
    """How often a viewer became too slow for the full video."""
    dropped: int = 0
    """Video frames omitted for viewers that have left."""
    let_go: int = 0
    """Viewers closed because they did not read."""
    refused: int = 0
    """Viewers closed because they broke the protocol."""
    octets: int = 0
    """Bytes written for single viewers. The fan-out counts its own bytes (relay/channel/hub.py)."""
