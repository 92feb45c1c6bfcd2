"""Depacketises H.264: makes NAL units from RTP payloads (RFC 6184, packetization-mode 1)."""

from collections.abc import Iterable

from relay.errors import BitstreamError

_STAP_A, _FU_A = 24, 28
_SLICE, _IDR, _SPS, _AUD = 1, 5, 7, 9


def depacketise(payloads: Iterable[bytes]) -> list[bytes]:
    """Returns the NAL units of one access unit. `payloads`: the RTP payloads of the access unit, in
    order.

    Raises BitstreamError for a NAL unit type that packetization-mode 1 does not allow, a fragment
    without its start or end, or an inconsistent length.
    """
    nals: list[bytes] = []
    fragments: list[bytes] = []
    for payload in payloads:
        if not payload:
            continue
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            if len(payload) < 2:
                raise BitstreamError("truncated FU-A")
            if payload[1] & 0x80:
                if fragments:
                    raise BitstreamError("an FU-A begins before the previous FU-A has ended")
                fragments.append(bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)))
            elif not fragments:
                raise BitstreamError("the start of an FU-A is missing")
            fragments.append(payload[2:])
            if payload[1] & 0x40:
                nals.append(b"".join(fragments))
                fragments = []
        elif fragments:
            raise BitstreamError("the end of an FU-A is missing")
        elif 1 <= kind <= 23:
            nals.append(payload)
        elif kind == _STAP_A:
            _split_stap(payload, nals)
        else:
            raise BitstreamError(f"NAL unit type {kind} is not allowed in packetization-mode 1")
    if fragments:
        raise BitstreamError("the end of an FU-A is missing")
    return nals


def _split_stap(payload: bytes, nals: list[bytes]) -> None:
    at = 1
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        at += 2
        if not size or at + size > len(payload):
            raise BitstreamError("an STAP-A contains an invalid length")
        nals.append(payload[at : at + size])
        at += size


def starts_idr(payload: bytes) -> bool:
    """Whether a payload is the start of an access unit and contains parameter sets. Browsers send
    parameter sets before each IDR.

    If the result is True, the packet before this payload belongs to another access unit, even if
    that packet is missing.
    """
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind == _STAP_A and len(payload) > 3:
        kind = payload[3] & 0x1F
        if kind == _AUD and len(payload) > 3:
            size = int.from_bytes(payload[1:3], "big")
            kind = payload[5 + size] & 0x1F if len(payload) > 5 + size else kind
    return kind == _SPS


def starts_access_unit(payload: bytes) -> bool:
    """Whether a payload certainly begins an access unit. Such a payload contains a delimiter,
    parameter sets, or the slice of the first macroblock (H.264 §7.4.1.2.4).

    The result is wrong for encoders that send slices in arbitrary order (Baseline's ASO, which no
    browser uses).
    """
    if starts_idr(payload):
        return True
    kind, at = (payload[0] & 0x1F, 1) if payload else (0, 0)
    if kind == _STAP_A and len(payload) > 4:
        kind, at = payload[3] & 0x1F, 4
    elif kind == _FU_A and len(payload) > 2 and payload[1] & 0x80:
        kind, at = payload[1] & 0x1F, 2
    # The slice header begins with first_mb_in_slice. For the value 0, the Exp-Golomb code is a
    # single 1 bit.
    return kind == _AUD or (kind in (_SLICE, _IDR) and len(payload) > at and payload[at] > 127)
