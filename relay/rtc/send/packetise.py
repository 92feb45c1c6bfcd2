"""H.264 access units to RTP payloads (RFC 6184, packetization-mode 1): the way back of
`depacketise`.
"""

from collections.abc import Iterator, Sequence

MAX_PAYLOAD = 1_160
"""Bytes. With RTP header, an original sequence number (RFC 4588) and the longest SRTP tag the
datagram stays under the 1,200 that browsers send too.
"""

_STAP_A, _FU_A = 24, 28
_START, _END = 0x80, 0x40


def packetise(data: bytes, parameter_sets: Sequence[bytes] = ()) -> list[bytes]:
    """The payloads of one access unit. `data`: NAL units with 4 bytes of length before each;
    `parameter_sets` go before them.

    The fragments of a NAL unit are of MAX_PAYLOAD bytes but for the last, since the kernel cuts a
    buffer into equal datagrams (UDP_SEGMENT).
    """
    payloads: list[bytes] = []
    if parameter_sets:
        payloads += _aggregate(parameter_sets)
    for nal in split(data):
        payloads += _fragment(nal) if len(nal) > MAX_PAYLOAD else [nal]
    return payloads


def split(data: bytes) -> Iterator[bytes]:
    """The NAL units of a sample, which have 4 bytes of length before each; empty ones are left
    out.
    """
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if nal := data[at + 4 : at + 4 + size]:
            yield nal
        at += 4 + size


def _aggregate(nals: Sequence[bytes]) -> list[bytes]:
    """One STAP-A where they fit into one packet, as browsers send parameter sets (RFC 6184
    §5.7.1).
    """
    if len(nals) == 1 or 1 + sum(2 + len(nal) for nal in nals) > MAX_PAYLOAD:
        return [
            part for nal in nals for part in (_fragment(nal) if len(nal) > MAX_PAYLOAD else [nal])
        ]
    importance = max(nal[0] & 0x60 for nal in nals)
    return [
        bytes((importance | _STAP_A,)) + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)
    ]


def _fragment(nal: bytes) -> list[bytes]:
    """FU-A (RFC 6184 §5.8)."""
    indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
    step = MAX_PAYLOAD - 2
    last = 1 + (len(nal) - 2) // step * step
    return [
        bytes((indicator, kind | (_START if at == 1 else 0) | (_END if at == last else 0)))
        + nal[at : at + step]
        for at in range(1, len(nal), step)
    ]
