"""The packets of one frame in one buffer, for SRTP in place and one `sendmsg` with UDP_SEGMENT."""

from collections.abc import Sequence
from struct import Struct
from typing import Final

HEADER = Struct("!BBHII")
HEADER_SIZE: Final = 12


class Batch:
    """Packets in one buffer, each followed by space for its SRTP tag.

    All have the same size, but the last may be shorter (UDP_SEGMENT).
    """

    __slots__ = ("packets", "segment", "template")

    def __init__(
        self, payloads: Sequence[bytes], ssrc: int, timestamp: int, tag: int, markers: Sequence[int]
    ) -> None:
        room = bytes(tag)
        header = HEADER.pack(0x80, 0, 0, timestamp, ssrc)
        self.template = b"".join(part for payload in payloads for part in (header, payload, room))
        self.packets = [
            (HEADER_SIZE + len(payload), marker)
            for payload, marker in zip(payloads, markers, strict=True)
        ]
        """Per packet: its size before protection, and the marker bit as 0x80 of the second byte."""
        self.segment = HEADER_SIZE + len(payloads[0]) + tag
        """Bytes from the start of one packet to the start of the next."""
