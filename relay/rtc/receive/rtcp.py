"""RTCP of the receiving side: parses reports, and writes feedback with aiortc's packet classes (RFC
3550 §6.4, RFC 4585 §6, draft-alvestrand-rmcat-remb).
"""

from dataclasses import dataclass
from struct import Struct, unpack_from

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    clamp_packets_lost,
    pack_remb_fci,
)

from relay.rtc.receive.feedback import ReceptionStatistics
from relay.rtc.rtcp import GOODBYE, SENDER_REPORT, split

SENDER_SSRC = 1
"""The server's SSRC in feedback. aiortc and Chromium accept any value."""
_SENDER_INFO = Struct("!IQI8x")
"""The fields that are read from a sender report: SSRC, NTP time, RTP timestamp."""
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
    reports = [
        RtcpReceiverInfo(
            ssrc=ssrc,
            fraction_lost=source.fraction_lost(),
            packets_lost=clamp_packets_lost(source.lost),
            highest_sequence=source.highest & 0xFFFFFFFF,
            jitter=min(int(source.jitter), 0xFFFFFFFF),
            lsr=source.last_report_ntp,
            dlsr=min(int((now - source.last_report_at) * 65_536), 0xFFFFFFFF)
            if source.last_report_ntp
            else 0,
        )
        for ssrc, source in sources.items()
    ]
    return bytes(RtcpRrPacket(ssrc=SENDER_SSRC, reports=reports))


def bitrate_cap(bitrate: int, ssrcs: list[int]) -> bytes:
    """Returns a REMB packet: the sources with these SSRCs may send at most `bitrate` bit/s in
    total.
    """
    return bytes(
        RtcpPsfbPacket(
            fmt=RTCP_PSFB_APP, ssrc=SENDER_SSRC, media_ssrc=0, fci=pack_remb_fci(bitrate, ssrcs)
        )
    )


def keyframe_request(media_ssrc: int) -> bytes:
    """Returns a PLI for this media SSRC. Chromium ignores a PLI for the RTX SSRC."""
    return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=SENDER_SSRC, media_ssrc=media_ssrc))


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
