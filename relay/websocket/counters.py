"""Totals over all WebSockets of this process. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class WebSocketCounters:
    """Totals since the process began."""

    joined: int = 0
    """Number of viewers that joined to get media. Viewers that get only events are not counted."""
    slowed: int = 0
    """Number of times that a viewer became too slow for the full video."""
    dropped: int = 0
    """Number of video frames omitted, summed over the viewers that have left."""
    let_go: int = 0
    """Number of viewers that the server disconnected because they did not read."""
    dropped_notices: int = 0
    """Number of notices that were dropped because a viewer sent too many notices."""
    refused: int = 0
    """Number of viewers that the server disconnected because they violated the protocol."""
    octets: int = 0
    """Number of bytes written by viewer objects (viewer.py). The bytes written by the fan-out are
    counted in relay/channel/hub.py.
    """
