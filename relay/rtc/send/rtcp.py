"""RTCP of the sending side: writes reports and parses feedback (RFC 3550 §6.4, RFC 4585 §6, RFC
5104 §4.3.1). Pure.
"""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from relay.rtc.rtcp import (
    GOODBYE,
    PAYLOAD_FEEDBACK,
    RECEIVER_REPORT,
    SENDER_REPORT,
    TRANSPORT_FEEDBACK,
    split,
)

CNAME = b"microlive"
"""The CNAME that audio and video share. Players synchronise sources with the same CNAME (RFC 3550
§6.5.1).
"""
MAX_NACKED: Final = 200
"""Maximum number of sequence numbers read from one compound packet. This limit is high enough,
because after a burst of loss, libwebrtc sends its requests in several compound packets.
"""
_NACK, _PLI, _FIR = 1, 1, 4
"""Formats of feedback packets."""
_NTP_EPOCH = 2_208_988_800
_REPORT = Struct("!BBHIQIII")
_BLOCK = Struct("!IB7xI8x")
_NACK_ENTRY = Struct("!HH")
_DESCRIPTION = 202


@dataclass(frozen=True, slots=True)
class Nack:
    """The receiver's request to send lost packets again."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """The receiver's request for a keyframe: a PLI or a FIR."""


@dataclass(frozen=True, slots=True)
class ReceptionReport:
    """How one source arrives at the receiver, from a receiver report."""

    ssrc: int
    lost: float
    """Fraction of packets lost since the last report, from 0 to 1."""
    jitter: int
    """Mean difference between the transit times of two packets, in ticks of the source's clock."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The receiver's announcement that it leaves (RTCP BYE)."""


Feedback = Nack | KeyframeRequest | ReceptionReport | Goodbye


def parse_feedback(data: bytes) -> list[Feedback]:
    """Returns the parts of a compound packet that matter to a sender. Raises ValueError."""
    found: list[Feedback] = []
    left = MAX_NACKED
    for kind, count, start, end in split(data):
        if kind in (RECEIVER_REPORT, SENDER_REPORT):
            first = start + (4 if kind == RECEIVER_REPORT else 24)
            if end < first + _BLOCK.size * count:
                raise ValueError("truncated RTCP report")
            for at in range(first, first + _BLOCK.size * count, _BLOCK.size):
                ssrc, lost, jitter = _BLOCK.unpack_from(data, at)
                found.append(ReceptionReport(ssrc, lost / 256, jitter))
        elif kind == GOODBYE:
            found.append(Goodbye())
        elif kind in (TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK):
            if end < start + 8:
                raise ValueError("truncated RTCP feedback")
            if kind == PAYLOAD_FEEDBACK:
                if count in (_PLI, _FIR):
                    found.append(KeyframeRequest())
            elif count == _NACK:
                sequences = _nacked(data, start + 8, end, left)
                left -= len(sequences)
                ssrc = int.from_bytes(data[start + 4 : start + 8], "big")
                found.append(Nack(ssrc, tuple(sequences)))
    return found


def _nacked(data: bytes, start: int, end: int, most: int) -> list[int]:
    """Returns at most `most` sequence numbers of a generic NACK (RFC 4585 §6.2.1)."""
    found: list[int] = []
    for at in range(start, end - 3, 4):
        first, following = _NACK_ENTRY.unpack_from(data, at)
        if len(found) >= most:
            break
        found.append(first)
        while following:
            first += 1
            if following & 1:
                found.append(first & 0xFFFF)
            following >>= 1
    return found[:most]


def sender_report(ssrc: int, unix_time: float, timestamp: int, packets: int, octets: int) -> bytes:
    """Returns a sender report with the RTP timestamp at `unix_time` (seconds), and with the numbers
    of packets and bytes sent so far.
    """
    ntp = round((unix_time + _NTP_EPOCH) * 2**32)
    return _REPORT.pack(
        0x80,
        SENDER_REPORT,
        6,
        ssrc,
        ntp,
        timestamp & 0xFFFFFFFF,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )


def description(ssrc: int) -> bytes:
    """Returns the SDES packet with the CNAME, which every compound packet must contain (RFC 3550
    §6.1).
    """
    chunk = ssrc.to_bytes(4, "big") + bytes((1, len(CNAME))) + CNAME
    chunk += bytes(4 - len(chunk) % 4)
    return bytes((0x81, _DESCRIPTION)) + (len(chunk) // 4).to_bytes(2, "big") + chunk
