"""The first frame of a room. The page of the room contains this frame, so that the browser can show
it before any media connection is open. Pure.
"""

from base64 import b64encode
from dataclasses import dataclass

from relay.sample import Sample, TrackInfo

LARGEST = 160 * 1024
"""Maximum size of the IDR in the page, bytes. A larger IDR would delay everything else that the
page needs.
"""


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """The frame's data for the template; web/js/boot/first_frame.js reads it."""

    codec: str
    """Codec string of the frame (RFC 6381)."""
    description: str
    """Body of the `avcC` box (the decoding parameters), in base64."""
    data: str
    """The IDR with length-prefixed NAL units, in base64."""


def first_frame(still: tuple[TrackInfo, Sample] | None) -> FirstFrame | None:
    """Returns the data of an IDR for the page. Returns None if there is no IDR or the IDR is too
    large.
    """
    if still is None or len(still[1].data) > LARGEST:
        return None
    info, sample = still
    return FirstFrame(info.codec, b64encode(info.config).decode(), b64encode(sample.data).decode())
