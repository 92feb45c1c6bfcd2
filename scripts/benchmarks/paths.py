"""The players of the watch page, and the bars for each. Pure."""

from dataclasses import dataclass

SETTLE = 3.0
"""Seconds at the start of a slot that do not count, while congestion control ramps up and the
player approaches its target delay.
"""

DECODED = "document.querySelector('video').webkitAudioDecodedByteCount"


@dataclass(frozen=True, slots=True)
class PlaybackPath:
    """A player of the watch page."""

    title: str
    heard: str
    """JavaScript: ms or bytes of audio played so far."""
    bar: float | None
    """Bar for the median of glass to glass, ms; None: relative to direct WebRTC of the same run."""
    p95_bar: float | None = None
    """Bar for the 95th percentile of glass to glass, ms; None: no bar."""
    joins: bool = True
    """Whether there is also a bar for its first picture."""
    settle: float = SETTLE
    """Seconds until the player has reached its target delay."""


PATHS = {
    "webcodecs": PlaybackPath("WebCodecs", "(microlive.stats().sound?.played ?? 0)", None),
    "mse": PlaybackPath("MSE", DECODED, 250.0),
    "whep": PlaybackPath("WHEP", "connections.heard()", None, joins=False),
    "hls": PlaybackPath("LL-HLS", DECODED, 1_600.0, 2_000.0, joins=False, settle=8.0),
}
"""By the name in `?player=`."""
