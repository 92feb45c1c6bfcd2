"""The playback paths of viewers, and the nouns for their counters. The command line, the report and
the workers' plans import this module, so it imports no other module.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlaybackPath:
    title: str
    """Name of the playback path in a sentence, as in "viewers over WebRTC"."""
    timed: str
    """Plural noun for the items whose delay is measured, such as "messages"."""
    missed: str
    """Plural noun for the items that a viewer can miss."""
    delay: str
    """Sentences that explain when a measured delay starts and when it ends."""
    per_core: int
    """Number of viewers that one core of the generator can carry with some reserve, at 1 Mbps and
    30 frames a second.
    """


PLAYBACK_PATHS = {
    "ws": PlaybackPath(
        "WebSocket",
        "messages",
        "records",
        (
            "Delay counts from the moment when the server had the last packet of a "
            "frame until a viewer had the last byte of its message."
        ),
        2_500,
    ),
    "whep": PlaybackPath(
        "WebRTC",
        "frames",
        "packets",
        "Delay counts from the moment when the server had a frame's last packet "
        "until a viewer had it. The server sends that moment once a second; "
        "between, it is interpolated, so a frame's late arrival at the server counts too.",
        300,
    ),
    "hls": PlaybackPath(
        "LL-HLS",
        "parts",
        "parts",
        "Delay counts from the moment when the server had the last frame of a part "
        "until a viewer had the whole part. The first frame of a part "
        "waited for the last one before that, one part's duration, and a player "
        "stays three parts behind: add both for the delay that a person sees.",
        500,
    ),
}
