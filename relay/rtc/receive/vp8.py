"""Depacketises VP8: makes frames from RTP payloads (RFC 7741)."""

from collections.abc import Iterable

from relay.errors import BitstreamError
from relay.media.h264 import AccessUnit

_START_CODE = b"\x9d\x01\x2a"
"""Start code of a keyframe; it follows the three-byte frame tag (RFC 6386 §9.1)."""


def access_unit(payloads: Iterable[bytes]) -> AccessUnit:
    """Returns one VP8 frame. `payloads`: the RTP payloads of the frame, in order. VP8 has no
    parameter sets.

    Raises BitstreamError for a truncated descriptor, a frame without its start, the start of a
    second frame, or a keyframe without a size.
    """
    parts: list[bytes] = []
    disposable = True
    for payload in payloads:
        start = _descriptor_size(payload)
        if starts_frame(payload) == bool(parts):
            raise BitstreamError(
                "VP8 frame begins before the previous frame ended"
                if parts
                else "VP8 frame without its start"
            )
        disposable = disposable and bool(payload[0] & 0x20)
        parts.append(payload[start:])
    data = b"".join(parts)
    key = bool(data) and not data[0] & 1
    if key and (data[3:6] != _START_CODE or not all(frame_size(data))):
        raise BitstreamError("VP8 keyframe without its start code or size")
    return AccessUnit(data, b"", b"", key, disposable and bool(data))


def frame_size(key_frame: bytes) -> tuple[int, int]:
    """Returns the width and the height of a keyframe in pixels (RFC 6386 §9.1).

    The upper two bits of each 16-bit field are a scaling factor, which no encoder uses.
    """
    return int.from_bytes(key_frame[6:8], "little") & 0x3FFF, int.from_bytes(
        key_frame[8:10], "little"
    ) & 0x3FFF


def starts_keyframe(payload: bytes) -> bool:
    """Whether a payload begins a keyframe."""
    try:
        return starts_frame(payload) and not payload[_descriptor_size(payload)] & 1
    except BitstreamError:
        return False


def starts_frame(payload: bytes) -> bool:
    """Whether a payload begins a frame."""
    # §4.2: the S bit marks the start of a partition; the first partition of a frame has PID 0.
    return bool(payload) and payload[0] & 0x17 == 0x10


def _descriptor_size(payload: bytes) -> int:
    """Returns the size of the payload descriptor in bytes (§4.2). Raises BitstreamError if no byte
    of the frame follows the descriptor.
    """
    size = 1
    if payload and payload[0] & 0x80:
        extension = payload[1] if len(payload) > 1 else 0
        size = 2
        if extension & 0x80:  # PictureID, 7 or 15 bits
            size += 2 if len(payload) > 2 and payload[2] & 0x80 else 1
        size += bool(extension & 0x40)  # TL0PICIDX
        size += bool(extension & 0x30)  # TID and Y, KEYIDX
    if len(payload) <= size:
        raise BitstreamError("truncated VP8 payload descriptor")
    return size
