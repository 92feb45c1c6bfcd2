"""The loop that creators send is what was asked for, and a receiver puts it together again."""

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


def test_the_bitrate_is_the_one_asked_for(clip: Clip) -> None:
    assert clip.kbps == pytest.approx(400, rel=0.1)
    assert len(clip.pictures) == 15 * SECONDS and len(clip.sounds) == 50 * SECONDS


def test_every_two_seconds_begin_with_an_idr(clip: Clip) -> None:
    starts = [index for index, picture in enumerate(clip.pictures) if starts_idr(picture[0])]
    assert starts == clip.keys == [0, 30]
    assert all(
        5 in {nal[0] & 0x1F for nal in depacketise(clip.pictures[index])} for index in clip.keys
    )


def test_packets_fit_a_datagram_and_can_be_put_together(clip: Clip) -> None:
    for picture in clip.pictures:
        assert all(len(payload) <= PAYLOAD_MAX for payload in picture)
        assert depacketise(picture)


def test_what_was_cut_comes_back() -> None:
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


def test_it_travels(clip: Clip) -> None:
    assert Clip.from_json(clip.to_json()) == clip


def test_what_cannot_be_encoded_is_told() -> None:
    with pytest.raises(ClipError, match="cannot encode"):
        encode(31, 17, 30, 400)
