"""The frame inside a room's page. The browser shows it before any media connection is open.
Pure.
"""

from base64 import b64encode
from dataclasses import dataclass

from relay.sample import Sample, TrackInfo

LARGEST = 160 * 1024
"""Maximum bytes of the IDR in the page: it delays everything else that the page needs."""


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
    """The data of an IDR; None if there is none or it is too large."""
    if still is None or len(still[1].data) > LARGEST:
        return None
    info, sample = still
    return FirstFrame(info.codec, b64encode(info.config).decode(), b64encode(sample.data).decode())
