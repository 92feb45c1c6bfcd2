"""RTP headers, against aiortc's serialiser."""

from collections.abc import Callable

import pytest
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, pack_header_extensions
from aiortc.rtp import RtpPacket as AiortcPacket
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.rtp import RtpPacket, Unwrapper, _parse_any, parse_rtp
from tests.fixtures.packets import fields


def extensions() -> HeaderExtensionsMap:
    chosen = HeaderExtensionsMap()
    uris = (
        "urn:ietf:params:rtp-hdrext:sdes:mid",
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    )
    chosen.configure(
        RTCRtpParameters(
            headerExtensions=[
                RTCRtpHeaderExtensionParameters(id=index + 1, uri=uri)
                for index, uri in enumerate(uris)
            ]
        )
    )
    return chosen


@given(
    payload_type=st.integers(0, 127),
    marker=st.booleans(),
    sequence=st.integers(0, 65_535),
    timestamp=st.integers(0, 2**32 - 1),
    ssrc=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=100),
    csrc=st.lists(st.integers(0, 2**32 - 1), max_size=15),
    mid=st.none() | st.text("abc", min_size=1, max_size=16),
    padding=st.integers(0, 255),
)
def test_packets_written_by_aiortc(
    payload_type: int,
    marker: bool,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    csrc: list[int],
    mid: str | None,
    padding: int,
) -> None:
    """All fields are parsed; CSRCs, header extensions and padding are removed."""
    packet = AiortcPacket(payload_type, int(marker), sequence, timestamp, ssrc, payload)
    packet.csrc = csrc
    packet.padding_size = padding
    if mid:
        packet.extensions.mid, packet.extensions.abs_send_time = mid, 0x123456
    read = parse_rtp(packet.serialize(extensions()))
    assert fields(read) == (payload_type, marker, sequence, timestamp, ssrc, payload, None, None)


@given(
    elements=st.dictionaries(
        st.integers(1, 14) | st.integers(15, 255), st.binary(min_size=1, max_size=20), max_size=6
    ),
    number=st.integers(0, 65_535),
    wanted=st.integers(1, 14),
    csrc=st.integers(0, 15),
)
def test_the_transport_wide_number(
    elements: dict[int, bytes], number: int, wanted: int, csrc: int
) -> None:
    """It is found in one-byte and two-byte headers at any position. It is None if absent or not
    negotiated.
    """
    others = {key: value for key, value in elements.items() if key != wanted}
    for elements, expected in (
        (others | {wanted: number.to_bytes(2, "big")}, number),
        (others, None),
        (others | {wanted: b"abc"}, None),
    ):
        profile, block = pack_header_extensions(list(elements.items()))
        header = bytes([0x80 | (0x10 if block else 0) | csrc, 96]) + bytes(10 + 4 * csrc)
        data = (
            header
            + (
                profile.to_bytes(2, "big") + (len(block) // 4).to_bytes(2, "big") + block
                if block
                else b""
            )
            + b"payload"
        )
        assert fields(parse_rtp(data, wanted)) == (96, False, 0, 0, 0, b"payload", expected, None)
        assert parse_rtp(data).transport_sequence is None


@given(st.integers(0, 0xFFFFFF), st.integers(0, 65_535), st.booleans())
def test_the_send_time(sent: int, number: int, cut_short: bool) -> None:
    """With and without a transport-wide number; an element that does not have three bytes is
    ignored.
    """
    moment = sent.to_bytes(3, "big")[: 2 if cut_short else 3]
    profile, block = pack_header_extensions([(2, moment), (4, number.to_bytes(2, "big"))])
    data = (
        b"\x90\x60"
        + bytes(10)
        + profile.to_bytes(2, "big")
        + (len(block) // 4).to_bytes(2, "big")
        + block
        + b"payload"
    )
    assert fields(parse_rtp(data, 4, 2)) == (
        96,
        False,
        0,
        0,
        0,
        b"payload",
        number,
        None if cut_short else sent,
    )
    assert fields(parse_rtp(data, 0, 2)) == (
        96,
        False,
        0,
        0,
        0,
        b"payload",
        None,
        None if cut_short else sent,
    )
    assert parse_rtp(data, 4).send_time is None


@given(st.binary(max_size=40), st.integers(1, 255))
def test_invalid_extensions_cost_only_the_number(block: bytes, wanted: int) -> None:
    """The packet is parsed for any extension block."""
    block += bytes(-len(block) & 3)
    for profile in (b"\xbe\xde", b"\x10\x00", b"\x10\x0f", b"\x12\x34"):
        data = (
            b"\x90"
            + bytes(11)
            + profile
            + (len(block) // 4).to_bytes(2, "big")
            + block
            + b"payload"
        )
        assert parse_rtp(data, wanted, wanted).payload == b"payload"


def outcome(parse: Callable[[bytes, int, int], RtpPacket], data: bytes, number: int) -> object:
    try:
        return fields(parse(data, number, 0))
    except ValueError as error:
        return str(error)


@given(
    first=st.just(0x90) | st.integers(0, 255),
    profile=st.just(0xBEDE) | st.integers(0, 0xFFFF),
    words=st.integers(0, 3) | st.integers(0, 0xFFFF),
    number=st.integers(0, 16),
    element=st.none() | st.integers(0, 255),
    rest=st.binary(max_size=30),
)
def test_the_straight_path_does_the_same(
    first: int, profile: int, words: int, number: int, element: int | None, rest: bytes
) -> None:
    """Packets with the number in the first element have a path of their own, without any loss."""
    header = bytes((first, 0xE1)) + bytes(range(1, 11))
    chosen = (number << 4 | 1) & 0xFF if element is None else element
    block = profile.to_bytes(2, "big") + words.to_bytes(2, "big") + bytes((chosen,))
    for data in (header + block + rest, header + block[: len(rest)]):
        assert outcome(parse_rtp, data, number) == outcome(_parse_any, data, number)


@given(st.binary(max_size=80))
def test_garbage_raises_value_error_only(data: bytes) -> None:
    """Random bytes are a packet or a ValueError."""
    try:
        packet = parse_rtp(data)
    except ValueError:
        return
    assert packet.payload in data


@given(st.binary(max_size=40), st.integers(0, 255))
def test_invalid_headers_raise_value_error_only(rest: bytes, first: int) -> None:
    """Version 2 with any counts, extension lengths and padding."""
    try:
        parse_rtp(bytes([0x80 | first & 0x3F, 101]) + rest)
    except ValueError:
        pass


@pytest.mark.parametrize(
    "data",
    [
        b"\x80" * 11,
        b"\x40" + bytes(11),
        b"\x8f" + bytes(11),
        b"\x90" + bytes(13),
        b"\x90" + bytes(11) + b"\xbe\xde\0\5" + bytes(8),
        b"\xa0" + bytes(12),
        b"\xa0" + bytes(11) + b"\xff",
    ],
    ids=[
        "short",
        "version 1",
        "15 CSRCs",
        "half an extension",
        "long extension",
        "no padding",
        "much padding",
    ],
)
def test_lengths_that_do_not_fit(data: bytes) -> None:
    """Each way to truncate a header, and each wrong length."""
    with pytest.raises(ValueError):
        parse_rtp(data)


@given(start=st.integers(0, 65_535), steps=st.lists(st.integers(-30_000, 30_000), max_size=100))
def test_unwrapping_takes_the_closest_number(start: int, steps: list[int]) -> None:
    """Numbers that move by less than half the range from the highest one keep their distance, in
    both directions.
    """
    unwrapper, highest = Unwrapper(16), start
    assert unwrapper.unwrap(start) == start
    for step in steps:
        value = highest + step
        assert unwrapper.unwrap(value & 0xFFFF) == value
        highest = max(highest, value)
