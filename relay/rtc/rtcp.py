"""Compound RTCP packets (RFC 3550 §6.1). Pure."""

from typing import Final

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
GOODBYE: Final = 203
TRANSPORT_FEEDBACK: Final = 205
PAYLOAD_FEEDBACK: Final = 206
"""Packet types (RFC 3550 §12.1, RFC 4585 §6.1)."""


def split(data: bytes) -> list[tuple[int, int, int, int]]:
    """Returns one entry for each packet of a compound packet: the packet type, the count or format
    (5 bits), and the start and end of the content in `data`. The content excludes header and
    padding.

    Raises ValueError.
    """
    found = []
    at, size = 0, len(data)
    while at < size:
        start = at + 4
        if start > size or data[at] >> 6 != 2:
            raise ValueError("not RTCP")
        end = start + 4 * (data[at + 2] << 8 | data[at + 3])
        if end > size:
            raise ValueError("truncated RTCP packet")
        content = end
        if data[at] & 0x20:
            padding = data[end - 1]
            if not padding or padding > end - start:
                raise ValueError("RTCP padding of a wrong length")
            content -= padding
        found.append((data[at + 1], data[at] & 0x1F, start, content))
        at = end
    return found
