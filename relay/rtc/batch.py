"""The RTP packets of one frame in one buffer. SRTP encrypts all packets in place, and one `sendmsg`
call with UDP_SEGMENT sends them.
"""

from collections.abc import Sequence
from struct import Struct

HEADER = Struct("!BBHII")


class Batch:
    """RTP packets in one buffer, each followed by space for its SRTP tag.

    UDP_SEGMENT requires that all packets have the same size, except that the last packet may be
    shorter.
    """

    __slots__ = ("packets", "segment", "template")

    def __init__(
        self,
        payloads: Sequence[bytes],
        ssrc: int,
        timestamp: int,
        tag: int,
        markers: Sequence[int],
        extension: bytes = b"",
    ) -> None:
        """`extension`: the header extension of each packet; may be empty."""
        room = bytes(tag)
        header = HEADER.pack(0x90 if extension else 0x80, 0, 0, timestamp, ssrc) + extension
        self.template = b"".join(part for payload in payloads for part in (header, payload, room))
        self.packets = [
            (len(header) + len(payload), marker)
            for payload, marker in zip(payloads, markers, strict=True)
        ]
        """One entry per packet: its size before encryption in bytes, and its marker bit (0x80 in
        the second byte of the header, or 0).
        """
        self.segment = len(header) + len(payloads[0]) + tag
        """Distance between the starts of consecutive packets in the buffer, bytes."""
