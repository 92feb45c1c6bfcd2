"""What happened on the WebSockets of this process. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class WebSocketCounters:
    """Since the process began."""

    joined: int = 0
    """Viewers that came for media."""
    slowed: int = 0
    """Times that a viewer became too slow for all of the video."""
    dropped: int = 0
    """Video frames left out for viewers that have left."""
    let_go: int = 0
    """Viewers closed because they did not read."""
    refused: int = 0
    """Viewers closed because they broke the protocol."""
    octets: int = 0
    """Bytes written for one viewer alone; the fan-out counts its own (relay/channel/hub.py)."""
