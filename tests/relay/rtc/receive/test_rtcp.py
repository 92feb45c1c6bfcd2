"""RTCP of the receiving side, written and parsed by aiortc."""

import pytest
from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.receive import rtcp
from relay.rtc.receive.feedback import ReceptionStatistics
from relay.rtc.rtp import RtpPacket


def sender_report(ntp: int = 0xE000_0000_8000_0000, timestamp: int = 90_000) -> bytes:
    return bytes(
        RtcpSrPacket(
            ssrc=5,
            sender_info=RtcpSenderInfo(
                ntp_timestamp=ntp, rtp_timestamp=timestamp, packet_count=1, octet_count=2
            ),
        )
    )


def test_a_sender_report_has_the_time() -> None:
    """NTP seconds and fraction become seconds since 1970; the middle 32 bits are kept for receiver
    reports.
    """
    (report,) = rtcp.parse_rtcp(sender_report())
    assert report == rtcp.SenderReport(5, 0xE000_0000 - 2_208_988_800 + 0.5, 90_000, 0x0000_8000)


def test_a_compound_packet() -> None:
    """Sender reports and BYE are found among other packets."""
    other = bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=2))
    found = list(rtcp.parse_rtcp(sender_report() + other + bytes(RtcpByePacket(sources=[5, 6]))))
    assert [type(item) for item in found] == [rtcp.SenderReport, rtcp.Goodbye]
    assert found[1] == rtcp.Goodbye((5, 6))


@given(st.binary(max_size=120))
def test_garbage_raises_value_error_only(data: bytes) -> None:
    """Random bytes are RTCP or a ValueError."""
    try:
        list(rtcp.parse_rtcp(data))
    except ValueError:
        pass


@given(st.data())
def test_damaged_packets_raise_value_error_only(data: st.DataObject) -> None:
    """A real compound packet with changed bytes and its end cut off."""
    packet = bytearray(
        sender_report()
        + bytes(RtcpByePacket(sources=[5]))
        + rtcp.retransmission_request(1, [1, 2, 900])
        + rtcp.bitrate_cap(3_000_000, [5])
    )
    for _ in range(data.draw(st.integers(0, 5))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    try:
        list(rtcp.parse_rtcp(bytes(packet[: data.draw(st.integers(0, len(packet)))])))
    except ValueError:
        pass


@given(
    start=st.integers(0, 65_535), offsets=st.sets(st.integers(0, 2_000), min_size=1, max_size=128)
)
def test_nack_lists_come_back_across_the_wrap(start: int, offsets: set[int]) -> None:
    """A sender parses exactly the sequence numbers that were written, across the wrap at 65,535."""
    sequences = [start + offset & 0xFFFF for offset in sorted(offsets)]
    read = [
        number
        for packet in RtcpPacket.parse(rtcp.retransmission_request(9, sequences))
        if isinstance(packet, RtcpRtpfbPacket)
        for number in packet.lost
    ]
    assert read == sequences


def test_the_bitrate_cap() -> None:
    """REMB has the bitrate, within the precision of its mantissa, and the sources."""
    (packet,) = RtcpPacket.parse(rtcp.bitrate_cap(3_000_000, [7, 8]))
    assert isinstance(packet, RtcpPsfbPacket)
    bitrate, ssrcs = unpack_remb_fci(packet.fci)
    assert bitrate == pytest.approx(3_000_000, rel=1e-4) and ssrcs == [7, 8]


def test_a_keyframe_request_names_the_media() -> None:
    """PLI (RFC 4585 §6.3.1) with the media SSRC."""
    (packet,) = RtcpPacket.parse(rtcp.keyframe_request(0xFEDCBA98))
    assert isinstance(packet, RtcpPsfbPacket)
    assert (packet.fmt, packet.media_ssrc) == (1, 0xFEDCBA98)


def test_a_receiver_report() -> None:
    """Losses, highest sequence number, jitter, and the time since the last sender report in
    1/65,536 s.
    """
    source = ReceptionStatistics(90_000)
    for sequence in (65_534, 65_535, 1, 2):
        source.add(RtpPacket(96, False, sequence, 0, 5, b""), 10.0)
    source.last_report_ntp, source.last_report_at = 0x1234, 10.0
    (packet,) = RtcpPacket.parse(rtcp.receiver_report({5: source}, 10.5))
    assert isinstance(packet, RtcpRrPacket)
    (report,) = packet.reports
    assert (report.ssrc, report.packets_lost, report.highest_sequence) == (5, 1, 65_536 + 2)
    assert (report.fraction_lost, report.lsr, report.dlsr) == (256 // 5, 0x1234, 32_768)
    (empty,) = RtcpPacket.parse(rtcp.receiver_report({}, 0))
    assert isinstance(empty, RtcpRrPacket) and empty.reports == []
