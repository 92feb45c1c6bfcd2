"""Compound RTCP packets, against aiortc's classes."""

from contextlib import suppress

import pytest
from aiortc.rtp import RtcpByePacket, RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.rtcp import GOODBYE, PAYLOAD_FEEDBACK, RECEIVER_REPORT, split


def test_the_packets_of_a_compound_packet() -> None:
    report = bytes(RtcpRrPacket(ssrc=1, reports=[RtcpReceiverInfo(9, 64, 3, 5, 6, 0, 0)]))
    pli = bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=9))
    data = report + pli + bytes(RtcpByePacket(sources=[1, 2]))
    assert split(data) == [
        (RECEIVER_REPORT, 1, 4, len(report)),
        (PAYLOAD_FEEDBACK, 1, len(report) + 4, len(report) + len(pli)),
        (GOODBYE, 2, len(report) + len(pli) + 4, len(data)),
    ]


def test_padding_is_no_content() -> None:
    assert split(b"\xa0\xc9\0\2" + b"\0\0\0\1" + b"\0\0\0\4") == [(201, 0, 4, 8)]


@pytest.mark.parametrize(
    "data",
    [
        b"\x80",
        b"\x80\xc9\0",
        b"\x40\xc9\0\0",
        b"\x80\xc9\0\1",
        b"\xa0\xc9\0\0",
        b"\xa0\xc9\0\1\0\0\0\0",
        b"\xa0\xc9\0\1\0\0\0\5",
    ],
    ids=["1 byte", "3 bytes", "version", "length", "no padding", "padding 0", "padding 5"],
)
def test_malformed_packets(data: bytes) -> None:
    with pytest.raises(ValueError):
        split(data)


@given(st.binary(max_size=80))
def test_content_is_within_the_data(data: bytes) -> None:
    with suppress(ValueError):
        for _, _, start, end in split(data):
            assert 4 <= start <= end <= len(data)
