"""How pictures lie in RTP packets, codec by codec."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from relay.media import h264
from relay.media.h264 import AccessUnit
from relay.rtc.receive import depacketise, vp8


@dataclass(frozen=True, slots=True)
class PayloadFormat:
    """What reassembly has to know of a codec."""

    starts_keyframe: Callable[[bytes], bool]
    """Whether a packet begins a picture that needs none before it."""
    starts_access_unit: Callable[[bytes], bool]
    """Whether a packet certainly begins a picture, of whatever kind."""
    follows: Callable[[bytes, AccessUnit, AccessUnit, int], bool]
    """Whether nothing that others are made from is missing between two pictures; SPS (or empty),
    the earlier, the later, packets missing at most. False where that cannot be told.
    """
    access_unit: Callable[[Iterable[bytes]], AccessUnit]
    """The picture that the payloads of its packets hold, in order. Raises BitstreamError."""


def _h264_unit(payloads: Iterable[bytes]) -> AccessUnit:
    return h264.access_unit(depacketise.depacketise(payloads))


FORMATS = {
    "H264": PayloadFormat(
        depacketise.starts_idr, depacketise.starts_access_unit, h264.follows, _h264_unit
    ),
    # A VP8 frame does not say which one it is made from (RFC 7741 §4.2 numbers them, but those that
    # nothing refers to as well).
    "VP8": PayloadFormat(
        vp8.starts_keyframe,
        vp8.starts_frame,
        lambda sps, before, unit, lost: False,
        vp8.access_unit,
    ),
}
"""By the encoding name of RTP (RFC 6184 §8.1, RFC 7741 §6)."""
