"""The first frame of a room's page. It is inside the page, so that the browser shows it before any
media connection is open. Pure.
"""

from base64 import b64encode
from dataclasses import dataclass

from relay.sample import Sample, TrackInfo

LARGEST = 160 * 1024
"""Maximum size of the IDR in the page, bytes: a larger one would delay everything else that the
page needs.
"""


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """The frame's data for the template; web/js/boot/first_frame.js reads it."""

    codec: str
    """RFC 6381 codec string."""
    description: str
    """`avcC`, base64."""
    data: str
    """The IDR with length-prefixed NAL units, base64."""


def first_frame(still: tuple[TrackInfo, Sample] | None) -> FirstFrame | None:
    """Returns the data of an IDR for the page. Returns None if there is no IDR or it is too
    large.
    """
    if still is None or len(still[1].data) > LARGEST:
        return None
    info, sample = still
    return FirstFrame(info.codec, b64encode(info.config).decode(), b64encode(sample.data).decode())
