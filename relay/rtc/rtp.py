"""RTP headers (RFC 3550 §5.1), parsed once and no further than needed."""

from struct import Struct
from typing import NamedTuple

_HEADER = Struct("!BBHII")
HEADER_SIZE = 12


class RtpPacket(NamedTuple):
    """An RTP packet without its CSRCs, header extensions and padding."""

    payload_type: int
    marker: bool
    sequence: int
    """16 bits."""
    timestamp: int
    """32 bits, in the clock of the payload type."""
    ssrc: int
    payload: bytes


def parse_rtp(data: bytes) -> RtpPacket:
    """Reads a decrypted RTP packet. Raises ValueError where a length does not fit."""
    size = len(data)
    if size < HEADER_SIZE:
        raise ValueError("RTP packet cut short")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise ValueError("not RTP version 2")
    start = HEADER_SIZE + 4 * (first & 0x0F)
    if first & 0x10:
        if start + 4 > size:
            raise ValueError("RTP header extension cut short")
        start += 4 + 4 * (data[start + 2] << 8 | data[start + 3])
    end = size
    if first & 0x20:
        if not data[-1]:
            raise ValueError("RTP padding of no length")
        end -= data[-1]
    if start > end:
        raise ValueError("RTP header longer than the packet")
    return RtpPacket(second & 0x7F, second > 127, sequence, timestamp, ssrc, data[start:end])


class Unwrapper:
    """Turns numbers that wrap around into ones that do not, by the shortest way from the last one."""

    def __init__(self, bits: int) -> None:
        self._half = 1 << (bits - 1)
        self._mask = (1 << bits) - 1
        self._last: int | None = None

    def unwrap(self, value: int) -> int:
        """The value's unwrapped form; the first one seen stays as it is, later ones may be smaller than it and even negative."""
        if self._last is None:
            self._last = value
            return value
        step = (value - self._last) & self._mask
        if step >= self._half:
            step -= self._mask + 1
        unwrapped = self._last + step
        if step > 0:
            self._last = unwrapped
        return unwrapped
