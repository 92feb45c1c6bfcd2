"""RTCP of the receiving side, with aiortc's packet classes (RFC 3550 §6.4, RFC 4585 §6,
draft-alvestrand-rmcat-remb).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    clamp_packets_lost,
    pack_remb_fci,
)

from relay.rtc.receive.feedback import ReceptionStatistics

SENDER_SSRC = 1
"""The server's SSRC in feedback; aiortc and Chromium accept any."""
_NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The time on the sender's clock at an RTP timestamp."""

    ssrc: int
    clock: float
    """Seconds since the Unix epoch by the sender's clock, which may be wrong."""
    timestamp: int
    """RTP, 32 bits."""
    ntp_middle: int


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The source ends (RFC 3550 §6.6)."""

    ssrcs: tuple[int, ...]


def parse_rtcp(data: bytes) -> Iterator[SenderReport | Goodbye]:
    """The packets of a compound packet that concern a receiver. Raises ValueError."""
    try:
        packets = RtcpPacket.parse(data)
    except ValueError:
        raise
    except Exception as error:  # struct.error and IndexError, which aiortc lets through
        raise ValueError(f"not RTCP: {error}") from error
    for packet in packets:
        if isinstance(packet, RtcpSrPacket):
            ntp = packet.sender_info.ntp_timestamp
            yield SenderReport(
                packet.ssrc,
                ntp / 2**32 - _NTP_EPOCH,
                packet.sender_info.rtp_timestamp,
                ntp >> 16 & 0xFFFFFFFF,
            )
        elif isinstance(packet, RtcpByePacket):
            yield Goodbye(tuple(packet.sources))


def receiver_report(sources: dict[int, ReceptionStatistics], now: float) -> bytes:
    """A receiver report for all sources, by SSRC. `now`: seconds of the statistics' clock."""
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
    """REMB: at most `bitrate` bit/s for these SSRCs together."""
    return bytes(
        RtcpPsfbPacket(
            fmt=RTCP_PSFB_APP, ssrc=SENDER_SSRC, media_ssrc=0, fci=pack_remb_fci(bitrate, ssrcs)
        )
    )


def keyframe_request(media_ssrc: int) -> bytes:
    """A PLI. Chromium ignores one that has the RTX SSRC instead of the media SSRC."""
    return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=SENDER_SSRC, media_ssrc=media_ssrc))


def retransmission_request(media_ssrc: int, sequences: list[int]) -> bytes:
    """A generic NACK for 16-bit sequence numbers in sending order, which may wrap around once."""
    # aiortc only packs ascending numbers, so each side of the wrap gets its own packet.
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
