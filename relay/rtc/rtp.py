"""RTP headers (RFC 3550 §5.1)."""

from struct import Struct
from typing import Final

_READ_HEADER: Final = Struct("!BBHII").unpack_from
HEADER_SIZE: Final = 12
_READ_USUAL: Final = Struct("!BBHIIHHBH").unpack_from
"""Reads the header and the start of the header extension: profile, length in words, and first
element, if its data has two bytes.
"""
_USUAL_SIZE: Final = 20
_USUAL_START: Final = 0x90
"""First byte of a packet of version 2 with header extension, without CSRCs and padding."""
_ONE_BYTE_PROFILE: Final = 0xBEDE
"""Profile of extensions whose elements have headers of one byte (RFC 8285 §4.2)."""


class RtpPacket:
    """An RTP packet, without its CSRCs, header extensions and padding. Do not change a packet after
    its creation.
    """

    __slots__ = (
        "marker",
        "payload",
        "payload_type",
        "send_time",
        "sequence",
        "ssrc",
        "timestamp",
        "transport_sequence",
    )

    def __init__(
        self,
        payload_type: int,
        marker: bool,
        sequence: int,
        timestamp: int,
        ssrc: int,
        payload: bytes,
        transport_sequence: int | None = None,
        send_time: int | None = None,
    ) -> None:
        self.payload_type = payload_type
        self.marker = marker
        self.sequence = sequence
        """Sequence number, 16 bits."""
        self.timestamp = timestamp
        """RTP timestamp, 32 bits, in ticks of the payload type's clock."""
        self.ssrc = ssrc
        self.payload = payload
        self.transport_sequence = transport_sequence
        """Transport-wide sequence number, 16 bits; None if it is absent or was not negotiated."""
        self.send_time = send_time
        """Send time by the sender's clock, 24 bits, in units of 1/2^18 s; None if it is absent or
        was not negotiated.
        """


def parse_rtp(data: bytes, transport_id: int = 0, send_time_id: int = 0) -> RtpPacket:
    """Parses a decrypted RTP packet. Raises ValueError if a length is inconsistent.

    `transport_id` and `send_time_id` are the numbers of the header extensions for transport-wide
    sequence numbers and for send times; 0 for an extension that was not negotiated.
    """
    size = len(data)
    if size >= _USUAL_SIZE and 0 < transport_id < 15 and not send_time_id:
        # The straight path: nearly every packet has only the transport-wide sequence number.
        first, second, sequence, timestamp, ssrc, profile, words, element, number = _READ_USUAL(
            data
        )
        start = HEADER_SIZE + 4 + 4 * words
        if (
            first == _USUAL_START
            and profile == _ONE_BYTE_PROFILE
            and element == (transport_id << 4 | 1)
            and HEADER_SIZE + 4 < start <= size
        ):
            return RtpPacket(
                second & 0x7F, second > 127, sequence, timestamp, ssrc, data[start:], number
            )
    return _parse_any(data, transport_id, send_time_id)


def _parse_any(data: bytes, transport_id: int, send_time_id: int) -> RtpPacket:
    """Does the same as `parse_rtp` for packets with any header."""
    size = len(data)
    if size < HEADER_SIZE:
        raise ValueError("truncated RTP packet")
    first, second, sequence, timestamp, ssrc = _READ_HEADER(data)
    if first >> 6 != 2:
        raise ValueError("not RTP version 2")
    start = HEADER_SIZE + (first & 0x0F) * 4
    transport_sequence = send_time = None
    if first & 0x10:
        if start + 4 > size:
            raise ValueError("truncated RTP header extension")
        begin = start
        start += 4 + 4 * (data[start + 2] << 8 | data[start + 3])
        if transport_id and start <= size:
            transport_sequence = _transport_sequence(data, begin, start, transport_id)
        if send_time_id and start <= size:
            value = extension(data, begin, start, send_time_id)
            if len(value) == 3:
                send_time = int.from_bytes(value, "big")
    end = size
    if first & 0x20:
        if not data[-1]:
            raise ValueError("RTP padding of length 0")
        end -= data[-1]
    if start > end:
        raise ValueError("RTP header longer than the packet")
    return RtpPacket(
        second & 0x7F,
        second > 127,
        sequence,
        timestamp,
        ssrc,
        data[start:end],
        transport_sequence,
        send_time,
    )


def _transport_sequence(data: bytes, begin: int, end: int, wanted: int) -> int | None:
    """Returns the transport-wide sequence number in the header extension with the number `wanted`;
    None if that extension is absent or has another size.
    """
    if data[begin] == 0xBE and data[begin + 1] == 0xDE and wanted < 15:
        # This function is called for each packet, so it makes no copy of the extension.
        at, head = begin + 4, wanted << 4 | 1
        while at < end:
            element = data[at]
            if element == head:
                return data[at + 1] << 8 | data[at + 2] if at + 3 <= end else None
            if element >> 4 == wanted or element >= 0xF0:
                return None
            at += (element & 0x0F) + 2 if element else 1
        return None
    value = extension(data, begin, end, wanted)
    return value[0] << 8 | value[1] if len(value) == 2 else None


def extension(data: bytes, begin: int, end: int, wanted: int) -> bytes:
    """Returns the data of the header extension with the number `wanted` (RFC 8285 §4.2, §4.3);
    empty if that extension is absent or truncated. The extension block lies between `begin`
    and `end`.
    """
    profile = data[begin] << 8 | data[begin + 1]
    one_byte = profile == 0xBEDE
    if not one_byte and profile >> 4 != 0x100:
        return b""
    at = begin + 4
    while at < end:
        element = data[at]
        if not element:  # padding
            at += 1
            continue
        if one_byte:
            element, length, at = element >> 4, (element & 0x0F) + 1, at + 1
            if element == 15:
                break
        elif at + 1 < end:
            length, at = data[at + 1], at + 2
        else:
            break
        if element == wanted:
            return data[at : at + length] if at + length <= end else b""
        at += length
    return b""


class Unwrapper:
    """Converts numbers of `bits` bits, which wrap around, to numbers that do not wrap around. The
    result has the same low bits as the given number. Of all values with these low bits, the result
    is the value that is closest to the highest result so far.
    """

    __slots__ = ("_half", "_last", "_mask")

    def __init__(self, bits: int) -> None:
        self._half = 1 << (bits - 1)
        self._mask = (1 << bits) - 1
        self._last: int | None = None

    def unwrap(self, value: int) -> int:
        """Returns the extended value. The first value is returned unchanged. Later results may be
        smaller than the first, even negative.
        """
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
