"""The clip has the requested format, and a receiver can reassemble it."""

import pytest

from relay.rtc.receive.depacketise import depacketise, starts_idr
from scripts.loadgen.clip import (
    PAYLOAD_MAX,
    SECONDS,
    Clip,
    ClipError,
    encode,
    packetise,
    split_annexb,
)


@pytest.fixture(scope="module")
def clip() -> Clip:
    return encode(320, 180, 15, 400)


def test_the_bitrate_is_the_requested_one(clip: Clip) -> None:
    assert clip.kbps == pytest.approx(400, rel=0.1)
    assert len(clip.frames) == 15 * SECONDS and len(clip.sounds) == 50 * SECONDS


def test_every_two_seconds_begin_with_an_idr(clip: Clip) -> None:
    starts = [index for index, frame in enumerate(clip.frames) if starts_idr(frame[0])]
    assert starts == clip.keys == [0, 30]
    assert all(
        5 in {nal[0] & 0x1F for nal in depacketise(clip.frames[index])} for index in clip.keys
    )


def test_packets_fit_a_datagram_and_can_be_reassembled(clip: Clip) -> None:
    for frame in clip.frames:
        assert all(len(payload) <= PAYLOAD_MAX for payload in frame)
        assert depacketise(frame)


def test_fragments_are_reassembled() -> None:
    nals = [
        b"\x67sps",
        b"\x68pps",
        b"\x65" + bytes(range(1, 251)) * 14,
        b"\x41" + b"p" * PAYLOAD_MAX,
        b"\x41short",
    ]
    unit = b"".join(b"\0\0\0\1" + nal for nal in [b"\x09\xf0", *nals])
    assert depacketise(list(packetise(unit))) == nals
    assert split_annexb(b"\0\0\1abc\0\0\0\1d") == [b"abc", b"d"]


def test_it_is_serialised(clip: Clip) -> None:
    assert Clip.from_json(clip.to_json()) == clip


def test_a_format_that_cannot_be_encoded_is_an_error() -> None:
    with pytest.raises(ClipError, match="cannot encode"):
        encode(31, 17, 30, 400)
