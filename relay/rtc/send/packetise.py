"""Packetises H.264: makes RTP payloads from access units (RFC 6184, packetization-mode 1). Pure."""

from collections.abc import Iterator, Sequence

MAX_PAYLOAD = 1_160
"""Maximum size of a payload, bytes. A datagram must have less than 1,200 bytes, the limit of
browsers. The remaining bytes are for the RTP header, the original sequence number of RTX (RFC 4588)
and the longest SRTP tag.
"""

_STAP_A, _FU_A = 24, 28
_START, _END = 0x80, 0x40


def packetise(data: bytes, parameter_sets: Sequence[bytes] = ()) -> list[bytes]:
    """Returns the RTP payloads of one access unit. `data`: NAL units, each preceded by its length
    in 4 bytes. `parameter_sets` are sent before the NAL units.

    The fragments of a NAL unit have the same size, because UDP_SEGMENT needs datagrams of equal
    size. Only the last fragment may be shorter.
    """
    payloads: list[bytes] = []
    if parameter_sets:
        payloads += _aggregate(parameter_sets)
    for nal in split(data):
        payloads += _fragment(nal) if len(nal) > MAX_PAYLOAD else [nal]
    return payloads


def split(data: bytes) -> Iterator[bytes]:
    """Yields the NAL units of a sample, in which each NAL unit is preceded by its length in 4
    bytes. Skips empty NAL units.
    """
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if nal := data[at + 4 : at + 4 + size]:
            yield nal
        at += 4 + size


def _aggregate(nals: Sequence[bytes]) -> list[bytes]:
    """Returns one STAP-A packet (RFC 6184 §5.7.1) with all NAL units if they fit into one packet.
    Otherwise returns one payload, or several fragments, for each NAL unit. Browsers also send
    parameter sets as STAP-A packets.
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
    """Returns the FU-A fragments of a NAL unit (RFC 6184 §5.8)."""
    indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
    step = MAX_PAYLOAD - 2
    last = 1 + (len(nal) - 2) // step * step
    return [
        bytes((indicator, kind | (_START if at == 1 else 0) | (_END if at == last else 0)))
        + nal[at : at + step]
        for at in range(1, len(nal), step)
    ]
