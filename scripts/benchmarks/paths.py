"""The players of the watch page, and the bar that each player must meet. Pure."""

from dataclasses import dataclass

SETTLE = 3.0
"""Seconds from the start of playback until the measurement starts. During this time, congestion
control ramps up and the player approaches its target delay.
"""

DECODED = "document.querySelector('video').webkitAudioDecodedByteCount"


@dataclass(frozen=True, slots=True)
class PlaybackPath:
    """A player of the watch page."""

    title: str
    heard: str
    """JavaScript expression for the amount of audio played so far. The unit depends on the
    player.
    """
    bar: float | None
    """Maximum median glass-to-glass latency, ms. If None, the limit depends on the latency of
    direct WebRTC in the same run.
    """
    p95_bar: float | None = None
    """Maximum 95th percentile of the glass-to-glass latency, ms. None if this percentile has no
    limit.
    """
    joins: bool = True
    """Whether the time until this player shows its first picture has a limit."""
    settle: float = SETTLE
    """Seconds until this player has reached its target delay."""


PATHS = {
    "webcodecs": PlaybackPath("WebCodecs", "(microlive.stats().sound?.played ?? 0)", None),
    "mse": PlaybackPath("MSE", DECODED, 250.0),
    "whep": PlaybackPath("WHEP", "connections.heard()", None, joins=False),
    "hls": PlaybackPath("LL-HLS", DECODED, 950.0, 1_200.0, joins=False, settle=8.0),
}
"""The players, by their name in the query parameter `player`."""
