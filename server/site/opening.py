"""The picture that a room's page brings along: decoded from the page itself, it is on the screen
before any connection for media stands. Pure.
"""

from base64 import b64encode
from dataclasses import dataclass

from relay.sample import Sample, TrackInfo

LARGEST = 160 * 1024
"""Bytes of an IDR that still comes with the page: it shares the way with all else that the page
needs.
"""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a template puts into the page (web/js/boot/opening.js reads it)."""

    codec: str
    """RFC 6381."""
    description: str
    """`avcC`, base64."""
    picture: str
    """The IDR with length-prefixed NAL units, base64."""


def opening(still: tuple[TrackInfo, Sample] | None) -> Opening | None:
    """None where there is no picture, or it is too large to come along."""
    if still is None or len(still[1].data) > LARGEST:
        return None
    info, sample = still
    return Opening(info.codec, b64encode(info.config).decode(), b64encode(sample.data).decode())
