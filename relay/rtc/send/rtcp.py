"""RTCP of the sending side: writes reports, parses feedback (RFC 3550 §6.4, RFC 4585 §6, RFC 5104
§4.3.1). Pure. aiortc's packet classes parse the feedback.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
)

CNAME = b"microlive"
"""The CNAME that audio and video share. Players synchronise sources with the same CNAME (RFC 3550
§6.5.1).
"""
_FIR = 4
_NTP_EPOCH = 2_208_988_800
_REPORT = Struct("!BBHIQIII")
_SENDER_REPORT, _DESCRIPTION = 200, 202


@dataclass(frozen=True, slots=True)
class Nack:
    """The receiver's request to send lost packets again."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """The receiver's request for a keyframe: a PLI or a FIR."""


@dataclass(frozen=True, slots=True)
class LossReport:
    """The packet loss of one source, from a receiver report."""

    ssrc: int
    lost: float
    """Fraction of packets lost since the last report, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The notice that the receiver leaves (RTCP BYE)."""


Feedback = Nack | KeyframeRequest | LossReport | Goodbye


def parse_feedback(data: bytes) -> Iterator[Feedback]:
    """Yields the parts of a compound packet that matter to a sender. Raises ValueError."""
    try:
        packets = RtcpPacket.parse(data)
    except ValueError:
        raise
    except Exception as error:  # struct.error and IndexError, which aiortc lets through
        raise ValueError(f"not RTCP: {error}") from error
    for packet in packets:
        if isinstance(packet, (RtcpRrPacket, RtcpSrPacket)):
            yield from (
                LossReport(report.ssrc, report.fraction_lost / 256) for report in packet.reports
            )
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            yield Nack(packet.media_ssrc, tuple(packet.lost))
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, _FIR):
            yield KeyframeRequest()
        elif isinstance(packet, RtcpByePacket):
            yield Goodbye()


def sender_report(ssrc: int, unix_time: float, timestamp: int, packets: int, octets: int) -> bytes:
    """Returns a sender report with the RTP timestamp at `unix_time` (seconds), and with the numbers
    of packets and bytes sent so far.
    """
    ntp = round((unix_time + _NTP_EPOCH) * 2**32)
    return _REPORT.pack(
        0x80,
        _SENDER_REPORT,
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
