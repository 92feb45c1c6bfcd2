"""The ways on which viewers watch, in words of what is counted on each. Imports nothing: the
command line, the report and the workers' plans need it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Way:
    title: str
    """As in "viewers over …"."""
    timed: str
    """What a delay is of, in the plural."""
    missed: str
    """What a gap is, in the plural."""
    delay: str
    """From when to when a delay counts."""
    per_core: int
    """How many viewers one core of the generator does with room to spare, at 1 Mbps and 30 pictures
    a second.
    """


WAYS = {
    "ws": Way(
        "WebSocket",
        "messages",
        "records",
        (
            "Delay counts from the moment in which the server had the last packet of a "
            "picture until a viewer had the last byte of the message with it."
        ),
        2_500,
    ),
    "whep": Way(
        "WebRTC",
        "pictures",
        "packets",
        "Delay counts from the moment in which the server had a picture's last packet "
        "until a viewer had it too. That moment is told once a second and "
        "reckoned between: what a picture came late to the server counts as delay as well.",
        300,
    ),
    "hls": Way(
        "LL-HLS",
        "parts",
        "parts",
        "Delay counts from the moment in which the server had the last picture of a part "
        "until a viewer had the whole part. The first picture of a part "
        "has waited for the last one before that, as long as a part is, and a player "
        "keeps a distance of three parts: add both for what an eye sees.",
        500,
    ),
}
