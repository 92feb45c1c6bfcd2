"""RTCP of the sending side, against aiortc's classes."""

from contextlib import suppress

from aiortc.rtp import (
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
)
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.send.rtcp import (
    MAX_NACKED,
    Goodbye,
    KeyframeRequest,
    Nack,
    ReceptionReport,
    description,
    parse_feedback,
    sender_report,
)


def test_aiortc_parses_a_compound_report() -> None:
    report, names = RtcpPacket.parse(
        sender_report(0xFFFFFFFF, 1_790_000_000.25, 1 << 33 | 90_000, 7, 8_000) + description(5)
    )
    assert isinstance(report, RtcpSrPacket) and isinstance(names, RtcpSdesPacket)
    assert (
        report.ssrc,
        report.sender_info.rtp_timestamp,
        report.sender_info.packet_count,
        report.sender_info.octet_count,
    ) == (0xFFFFFFFF, 90_000, 7, 8_000)
    assert report.sender_info.ntp_timestamp / 2**32 == 1_790_000_000.25 + 2_208_988_800
    assert [(chunk.ssrc, dict(chunk.items)[1]) for chunk in names.chunks] == [(5, b"microlive")]


def test_feedback_of_a_receiver() -> None:
    data = b"".join(
        bytes(packet)
        for packet in (
            RtcpRrPacket(ssrc=1, reports=[RtcpReceiverInfo(9, 64, 3, 5, 6, 0, 0)]),
            RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=9, lost=[10, 11, 30]),
            RtcpRtpfbPacket(fmt=15, ssrc=1, media_ssrc=9, lost=[1]),
            RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=9),
            RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=b"\0\0\0\x09\0\0\0\0"),
            RtcpByePacket(sources=[1]),
        )
    )
    assert list(parse_feedback(data)) == [
        ReceptionReport(9, 0.25, 6),
        Nack(9, (10, 11, 30)),
        KeyframeRequest(),
        KeyframeRequest(),
        Goodbye(),
    ]


def test_the_numbers_of_a_compound_packet_are_limited() -> None:
    request = bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=9, lost=list(range(150))))
    first, second, third = parse_feedback(3 * request)
    assert isinstance(first, Nack) and isinstance(second, Nack) and isinstance(third, Nack)
    assert first.sequences == tuple(range(150))
    assert second.sequences == tuple(range(MAX_NACKED - 150)) and third.sequences == ()


def test_numbers_wrap_around() -> None:
    entry = b"\x81\xcd\0\3" + b"\0\0\0\1" + b"\0\0\0\x09" + b"\xff\xff\0\3"
    assert parse_feedback(entry) == [Nack(9, (65_535, 0, 1))]


@given(st.binary(max_size=120))
def test_garbage_raises_value_error_only(data: bytes) -> None:
    with suppress(ValueError):
        list(parse_feedback(b"\x80\xc9" + data))
