"""The RTP payload format of each codec: how payloads become access units."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from relay.media import h264
from relay.media.h264 import AccessUnit
from relay.rtc.receive import depacketise, vp8


@dataclass(frozen=True, slots=True)
class PayloadFormat:
    """The functions that reassembly needs for one codec."""

    starts_keyframe: Callable[[bytes], bool]
    """Whether a payload begins a keyframe."""
    starts_access_unit: Callable[[bytes], bool]
    """Whether a payload certainly begins an access unit."""
    follows: Callable[[bytes, AccessUnit, AccessUnit, int], bool]
    """Whether no reference frame is missing between two access units (see
    `h264.follows`).
    """
    access_unit: Callable[[Iterable[bytes]], AccessUnit]
    """Builds an access unit from the payloads of its packets, in order. Raises BitstreamError if a
    payload is malformed.
    """


def _h264_unit(payloads: Iterable[bytes]) -> AccessUnit:
    return h264.access_unit(depacketise.depacketise(payloads))


FORMATS = {
    "H264": PayloadFormat(
        depacketise.starts_idr, depacketise.starts_access_unit, h264.follows, _h264_unit
    ),
    # For VP8, `follows` is always False, because a VP8 frame does not identify its reference
    # frames. Frame numbers do not help: RFC 7741 §4.2 also numbers frames that no frame refers to.
    "VP8": PayloadFormat(
        vp8.starts_keyframe,
        vp8.starts_frame,
        lambda sps, before, unit, lost: False,
        vp8.access_unit,
    ),
}
"""The payload formats by RTP encoding name (RFC 6184 §8.1, RFC 7741 §6)."""
