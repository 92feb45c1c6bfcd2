"""VP8 packets to frames: exactly what the encoder made is returned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BitstreamError
from relay.rtc.receive import vp8
from relay.rtc.receive.payload import FORMATS
from relay.rtc.receive.reassembly import EncodedFrame, Reassembly
from tests.fixtures import media

KEY = b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00" + bytes(30)
"""The head of a key frame of 320×240."""
DESCRIPTORS = {
    "the least": b"\x10",
    "picture ID of 7 bits": b"\x90\x80\x11",
    "picture ID of 15 bits": b"\x90\x80\x91\x22",
    "all of it": b"\x90\xf0\x91\x22\x07\xe1",
    "non-reference": b"\x30",
}


def feed(frames: list[bytes], *, lost: tuple[int, ...] = (), size: int = 400) -> list[EncodedFrame]:
    reassembly = Reassembly(payload=FORMATS["VP8"])
    packets = [
        packet
        for packet in media.vp8_packets(frames, size=size)
        if packet.sequence - 1_000 not in lost
    ]
    return [
        picture for packet in packets for picture in reassembly.receive(packet, 0.0)
    ] + reassembly.expire(10.0)


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_descriptors(name: str) -> None:
    """All forms of the payload descriptor are removed."""
    start = DESCRIPTORS[name]
    unit = vp8.access_unit([start + KEY[:20], bytes([start[0] & 0xEF]) + start[1:] + KEY[20:]])
    assert (unit.data, unit.key, unit.disposable) == (KEY, True, name == "non-reference")
    assert vp8.frame_size(unit.data) == (320, 240)
    assert vp8.starts_keyframe(start + KEY) and not vp8.starts_keyframe(start + b"\x11" + KEY[1:])


@pytest.mark.parametrize(
    "payloads",
    [
        [b""],
        [b"\x10"],
        [b"\x90"],
        [b"\x90\x80"],
        [b"\x90\x80\x91\x22"],
        [b"\x00" + KEY],
        [b"\x10" + KEY, b"\x10" + KEY],
        [b"\x10" + KEY[:6]],
        [b"\x10" + KEY[:3] + b"xyz" + KEY[6:]],
        [b"\x10" + KEY[:6] + bytes(20)],
    ],
)
def test_malformed_frames_are_refused(payloads: list[bytes]) -> None:
    with pytest.raises(BitstreamError):
        vp8.access_unit(payloads)


@given(st.lists(st.binary(max_size=12), max_size=4))
def test_any_bytes_are_a_frame_or_an_error(payloads: list[bytes]) -> None:
    """No other error is raised, and the first packet of a keyframe is recognised."""
    try:
        unit = vp8.access_unit(payloads)
    except BitstreamError:
        return
    assert unit.key == bool(payloads and vp8.starts_keyframe(payloads[0]))


def test_frames_are_returned_complete_at_their_marker() -> None:
    """libvpx's frames, in packets of 400 bytes, are returned byte for byte, each with its last
    packet.
    """
    frames = list(media.vp8_frames(count=8, gop=4))
    pictures = feed(frames)
    assert [picture.unit.data for picture in pictures] == frames
    assert [picture.unit.key for picture in pictures] == [True, False, False, False] * 2
    assert [picture.timestamp for picture in pictures] == [
        90_000 + 3_000 * index for index in range(8)
    ]


@given(st.data())
def test_no_frame_with_a_missing_reference_is_returned(data: st.DataObject) -> None:
    """For any loss, a frame is returned only after all frames since its keyframe."""
    frames = list(media.vp8_frames(count=8, gop=4))
    total = len(list(media.vp8_packets(frames)))
    lost = data.draw(st.sets(st.integers(0, total - 1), max_size=6))
    came = [frames.index(picture.unit.data) for picture in feed(frames, lost=tuple(lost))]
    assert came == sorted(set(came))
    for index in came:
        assert set(range(index // 4 * 4, index)) <= set(came)
