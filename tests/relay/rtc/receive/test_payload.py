"""The payload formats of both codecs, as reassembly uses them."""

import pytest

from relay.errors import BitstreamError
from relay.media.h264 import access_unit
from relay.rtc.receive.payload import FORMATS
from tests.fixtures import media

SPS, PPS = media.parameter_sets()
IDR, SLICE = b"\x65\x88" + bytes(20), b"\x41\x9a" + bytes(20)


def stap(*nals: bytes) -> bytes:
    return b"\x78" + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)


@pytest.mark.parametrize(
    ("payload", "keyframe", "begins"),
    [
        (stap(SPS, PPS, IDR), True, True),
        (IDR, False, True),  # parameter sets come first
        (SLICE, False, True),
        (b"\x41\x1a" + bytes(20), False, False),  # not the first slice of its frame
        (b"\x5c\x45" + bytes(20), False, False),  # the end of a fragmented IDR
        (b"", False, False),
    ],
)
def test_h264_payloads(payload: bytes, keyframe: bool, begins: bool) -> None:
    h264 = FORMATS["H264"]
    assert h264.starts_keyframe(payload) is keyframe
    assert h264.starts_access_unit(payload) is begins


def test_an_h264_access_unit_is_made_of_its_payloads() -> None:
    """An aggregate and a fragmented IDR give the same unit as their NAL units."""
    fragments = [b"\x7c\x85" + IDR[1:10], b"\x7c\x45" + IDR[10:]]
    unit = FORMATS["H264"].access_unit([stap(SPS, PPS), *fragments])
    whole = access_unit([SPS, PPS, IDR])
    assert (unit.data, unit.sps, unit.pps, unit.key) == (whole.data, SPS, PPS, True)
    with pytest.raises(BitstreamError):
        FORMATS["H264"].access_unit(fragments[1:])


def test_vp8_payloads() -> None:
    """A VP8 frame does not identify its references: after a loss none follows another."""
    vp8 = FORMATS["VP8"]
    key = b"\x10" + bytes([0x10, 0, 0]) + b"\x9d\x01\x2a" + b"\x40\0\x30\0" + bytes(10)
    between = b"\x10\x11" + bytes(10)
    assert vp8.starts_keyframe(key) and vp8.starts_access_unit(key)
    assert not vp8.starts_keyframe(between) and vp8.starts_access_unit(between)
    assert not vp8.starts_access_unit(b"\x00" + bytes(10))
    before, after = vp8.access_unit([key]), vp8.access_unit([between])
    assert before.key and not after.key
    assert not vp8.follows(b"", before, after, 1)
