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
    """JavaScript expression for the amount of audio played so far; its unit depends on the player.
    """
    bar: float | None
    """Maximum median glass-to-glass latency, ms. None: the bar is relative to direct WebRTC,
    measured in the same run.
    """
    p95_bar: float | None = None
    """Maximum 95th percentile of the glass-to-glass latency, ms. None: the percentile has no bar.
    """
    joins: bool = True
    """Whether the time to this player's first picture has a bar, too."""
    settle: float = SETTLE
    """Seconds until the player has reached its target delay."""


PATHS = {
    "webcodecs": PlaybackPath("WebCodecs", "(microlive.stats().sound?.played ?? 0)", None),
    "mse": PlaybackPath("MSE", DECODED, 250.0),
    "whep": PlaybackPath("WHEP", "connections.heard()", None, joins=False),
    "hls": PlaybackPath("LL-HLS", DECODED, 1_600.0, 2_000.0, joins=False, settle=8.0),
}
"""The players, by their name in `?player=`."""
