"""RTCP of the sending side: reports out, feedback in (RFC 3550 §6.4, RFC 4585 §6, RFC 5104 §4.3.1).
Reading is by aiortc's packet classes.
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
"""The same for sound and picture: they are played in step (RFC 3550 §6.5.1)."""
_FIR = 4
_NTP_EPOCH = 2_208_988_800
_REPORT = Struct("!BBHIQIII")
_SENDER_REPORT, _DESCRIPTION = 200, 202


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets that did not arrive."""

    ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI or FIR."""


@dataclass(frozen=True, slots=True)
class LossReport:
    """What a receiver report says of one of our sources."""

    ssrc: int
    lost: float
    """Share of packets since the last report, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The receiver says goodbye."""


Feedback = Nack | KeyframeRequest | LossReport | Goodbye


def parse_feedback(data: bytes) -> Iterator[Feedback]:
    """What a sender acts on in a compound packet. Raises ValueError on malformed bytes."""
    try:
        packets = RtcpPacket.parse(data)
    except ValueError:
        raise
    except Exception as error:  # struct.error, IndexError: a parser of foreign bytes
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


def sender_report(ssrc: int, unix: float, timestamp: int, packets: int, octets: int) -> bytes:
    """That `timestamp` (RTP) is `unix` (seconds), and how much was sent so far."""
    ntp = round((unix + _NTP_EPOCH) * 2**32)
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
    """SDES with the CNAME, which a compound packet has to have (RFC 3550 §6.1)."""
    chunk = ssrc.to_bytes(4, "big") + bytes((1, len(CNAME))) + CNAME
    chunk += bytes(4 - len(chunk) % 4)
    return bytes((0x81, _DESCRIPTION)) + (len(chunk) // 4).to_bytes(2, "big") + chunk
