"""RTCP of the receiving side: parses reports, and writes feedback (RFC 3550 §6.4, RFC 4585 §6,
draft-alvestrand-rmcat-remb). Negative acknowledgements are written by aiortc's packet class.
"""

from dataclasses import dataclass
from struct import Struct, pack, unpack_from
from typing import Final

from aiortc.rtp import RTCP_RTPFB_NACK, RtcpRtpfbPacket

from relay.rtc.receive.feedback import ReceptionStatistics
from relay.rtc.rtcp import GOODBYE, PAYLOAD_FEEDBACK, RECEIVER_REPORT, SENDER_REPORT, split

SENDER_SSRC: Final = 1
"""The server's SSRC in feedback. aiortc and Chromium accept any value."""
_SENDER_INFO = Struct("!IQI8x")
"""The fields that are read from a sender report: SSRC, NTP time, RTP timestamp."""
_REPORT = Struct("!BBHI")
_REPORT_BLOCK = Struct("!6I")
"""Fields of a report block: SSRC, fraction lost (8 bits) and number of packets lost (24 bits),
highest sequence number, jitter, time of the last sender report, time since that report.
"""
_FEEDBACK = Struct("!BBHII")
_LOST_MAX: Final = (1 << 23) - 1
_MANTISSA_MAX: Final = (1 << 18) - 1
_PLI: Final = 1
_APPLICATION: Final = 15
_NTP_EPOCH = 2_208_988_800
"""Seconds from the NTP epoch (1900) to the Unix epoch (1970)."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """A sender report. It pairs an RTP timestamp with a time on the sender's clock."""

    ssrc: int
    clock: float
    """Time on the sender's clock in seconds since the Unix epoch. The clock may be wrong."""
    timestamp: int
    """RTP timestamp, 32 bits."""
    ntp_middle: int


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The sources that have ended, from an RTCP BYE packet (RFC 3550 §6.6)."""

    ssrcs: tuple[int, ...]


def parse_rtcp(data: bytes) -> list[SenderReport | Goodbye]:
    """Returns the sender reports and BYE packets of a compound packet. Raises ValueError."""
    found: list[SenderReport | Goodbye] = []
    for kind, count, start, end in split(data):
        if kind == SENDER_REPORT:
            if end < start + _SENDER_INFO.size:
                raise ValueError("truncated sender report")
            ssrc, ntp, timestamp = _SENDER_INFO.unpack_from(data, start)
            found.append(
                SenderReport(ssrc, ntp / 2**32 - _NTP_EPOCH, timestamp, ntp >> 16 & 0xFFFFFFFF)
            )
        elif kind == GOODBYE:
            if end < start + 4 * count:
                raise ValueError("truncated goodbye")
            found.append(Goodbye(unpack_from(f"!{count}I", data, start)))
    return found


def receiver_report(sources: dict[int, ReceptionStatistics], now: float) -> bytes:
    """Returns a receiver report for all sources. `sources`: statistics by SSRC. `now`: time in
    seconds, on the clock used for the statistics.
    """
    report = _REPORT.pack(0x80 | len(sources), RECEIVER_REPORT, 1 + 6 * len(sources), SENDER_SSRC)
    for ssrc, source in sources.items():
        lost = max(-_LOST_MAX - 1, min(source.lost, _LOST_MAX)) & 0xFFFFFF
        since = int((now - source.last_report_at) * 65_536) if source.last_report_ntp else 0
        report += _REPORT_BLOCK.pack(
            ssrc,
            source.fraction_lost() << 24 | lost,
            source.highest & 0xFFFFFFFF,
            min(int(source.jitter), 0xFFFFFFFF),
            source.last_report_ntp,
            min(since, 0xFFFFFFFF),
        )
    return report


def bitrate_cap(bitrate: int, ssrcs: list[int]) -> bytes:
    """Returns a REMB packet: the sources with these SSRCs may send at most `bitrate` bit/s in
    total.
    """
    exponent = max(0, bitrate.bit_length() - _MANTISSA_MAX.bit_length())
    mantissa = bitrate >> exponent
    return (
        _FEEDBACK.pack(0x80 | _APPLICATION, PAYLOAD_FEEDBACK, 4 + len(ssrcs), SENDER_SSRC, 0)
        + b"REMB"
        + pack(f"!I{len(ssrcs)}I", len(ssrcs) << 24 | exponent << 18 | mantissa, *ssrcs)
    )


def keyframe_request(media_ssrc: int) -> bytes:
    """Returns a PLI for this media SSRC. Chromium ignores a PLI for the RTX SSRC."""
    return _FEEDBACK.pack(0x80 | _PLI, PAYLOAD_FEEDBACK, 2, SENDER_SSRC, media_ssrc)


def retransmission_request(media_ssrc: int, sequences: list[int]) -> bytes:
    """Returns a generic NACK for 16-bit sequence numbers in sending order. The numbers may wrap
    around once.
    """
    # aiortc packs only ascending numbers, so the numbers after the wrap-around get a second packet.
    wrap = next(
        (index for index in range(1, len(sequences)) if sequences[index] < sequences[index - 1]),
        len(sequences),
    )
    return b"".join(
        bytes(
            RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=SENDER_SSRC, media_ssrc=media_ssrc, lost=part)
        )
        for part in (sequences[:wrap], sequences[wrap:])
        if part
    )
