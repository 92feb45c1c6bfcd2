"""The frame inside a room's page: the browser shows it before any media connection is up. Pure."""

from base64 import b64encode
from dataclasses import dataclass

from relay.sample import Sample, TrackInfo

LARGEST = 160 * 1024
"""Bytes of an IDR that the page may contain: it delays everything else that the page needs."""


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """What the template puts into the page; web/js/boot/first_frame.js reads it."""

    codec: str
    """RFC 6381."""
    description: str
    """`avcC`, base64."""
    data: str
    """The IDR with length-prefixed NAL units, base64."""


def first_frame(still: tuple[TrackInfo, Sample] | None) -> FirstFrame | None:
    """None without an IDR, or with one that is too large."""
    if still is None or len(still[1].data) > LARGEST:
        return None
    info, sample = still
    return FirstFrame(info.codec, b64encode(info.config).decode(), b64encode(sample.data).decode())
