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
            "The delay of a message begins when the server has the last packet of its frame, and "
            "ends when the viewer has the last byte of the message."
        ),
        2_500,
    ),
    "standby": PlaybackPath(
        "WebSocket on standby",
        "messages",
        "records",
        (
            "The delay of a message begins when the server has the last packet of its frame, and "
            "ends when the viewer has the last byte of the message. On standby, the keyframes wait "
            "up to four seconds, and all other records are missed."
        ),
        2_500,
    ),
    "whep": PlaybackPath(
        "WebRTC",
        "frames",
        "packets",
        "The delay of a frame begins when the server has its last packet, and ends when the "
        "viewer has this packet. The beginning is interpolated from times that the server sends "
        "once a second, so the delay includes the lateness of a frame at the server.",
        300,
    ),
    "hls": PlaybackPath(
        "LL-HLS",
        "parts",
        "parts",
        "The delay of a part begins when the server has its last frame, and ends when the viewer "
        "has the whole part. The delay that a person sees is longer by the duration of four parts: "
        "the first frame of a part waits for the last one, and a player stays three parts behind.",
        300,
    ),
}
