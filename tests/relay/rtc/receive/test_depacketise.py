"""H.264 payloads, against aiortc's packetiser."""

import pytest
from aiortc.codecs.h264 import H264Encoder
from hypothesis import example, given
from hypothesis import strategies as st

from relay.errors import BitstreamError
from relay.rtc.receive.depacketise import depacketise, starts_access_unit, starts_idr
from tests.fixtures import media

nal_units = st.builds(
    lambda kind, nri, size: (
        bytes([nri << 5 | kind]) + bytes(range(256)) * (size // 256) + bytes(size % 256)
    ),
    st.integers(1, 23),
    st.integers(0, 3),
    st.integers(1, 4_000),
)


@given(st.lists(nal_units, min_size=1, max_size=12))
def test_depacketising_what_aiortc_packetised(nals: list[bytes]) -> None:
    """Any NAL units come back in order and unchanged; aiortc aggregates small ones and fragments
    large ones.
    """
    assert depacketise(H264Encoder._packetize(nals)) == nals


def test_a_real_stream() -> None:
    """x264's access units come back from aiortc's packets."""
    for unit in media.access_units(320, 240, 5):
        assert depacketise(H264Encoder._packetize(unit)) == list(unit)


@given(st.lists(st.binary(max_size=30), max_size=6))
@example([b"\x7c"])
@example([b"\x78\0"])
def test_garbage_raises_bitstream_error_only(payloads: list[bytes]) -> None:
    """Random payloads are NAL units or BitstreamError; `starts_idr` raises nothing."""
    for payload in payloads:
        starts_idr(payload)
    try:
        depacketise(payloads)
    except BitstreamError:
        pass


@pytest.mark.parametrize(
    "payloads",
    [
        [b"\x7c\x45x"],
        [b"\x7c\x85x"],
        [b"\x7c\x85x", b"\x41y"],
        [b"\x7c\x85x", b"\x7c\x85y"],
        [b"\x7c"],
        [b"\x78\0\x05abc"],
        [b"\x78\0\0"],
        [b"\x79\0\0\0\x01a"],
        [b"\x7d\x85x"],
        [b"\x60"],
        [b"\x7f"],
    ],
    ids=[
        "no start",
        "no end",
        "other NAL inside",
        "two starts",
        "no FU header",
        "STAP too long",
        "STAP of nothing",
        "STAP-B",
        "FU-B",
        "type 0",
        "type 31",
    ],
)
def test_what_packetization_mode_1_does_not_allow(payloads: list[bytes]) -> None:
    """Fragments without start or end, wrong lengths, and the types of other packetization modes are
    refused.
    """
    with pytest.raises(BitstreamError):
        depacketise(payloads)


def test_idr_starts_are_recognised() -> None:
    """Only packets that begin with an SPS: alone or first in a STAP-A, also after a delimiter."""
    sps, pps = media.parameter_sets()

    def stap(*nals: bytes) -> bytes:
        return b"\x78" + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)

    assert starts_idr(sps)
    assert starts_idr(stap(sps, pps, b"\x65a"))
    assert starts_idr(stap(b"\x09\xf0", sps, pps))
    assert not any(
        map(
            starts_idr,
            (
                b"",
                pps,
                b"\x65a",
                b"\x41a",
                b"\x7c\x85a",
                stap(pps),
                stap(b"\x09\xf0", b"\x41a"),
                stap(b"\x09\xf0"),
                b"\x78\0\x05\x09",
            ),
        )
    )


def test_access_unit_starts_are_recognised() -> None:
    """The slice of the first macroblock (single, as a fragment or in a STAP-A), a delimiter,
    parameter sets; not later slices or later fragments.
    """
    sps, pps = media.parameter_sets()
    first, later = b"\x41\x9a\x02", b"\x41\x46\x02"
    starts = [
        first,
        b"\x65\x88",
        b"\x5c\x81\x9a",
        b"\x7c\x85\x88",
        b"\x78\0\3" + first,
        b"\x09\xf0",
        sps,
        b"\x78\0" + bytes([len(sps)]) + sps,
    ]
    others = [
        b"",
        later,
        b"\x5c\x81\x46",
        b"\x5c\x01\x9a",
        b"\x5c\x41\x9a",
        b"\x78\0\3" + later,
        pps,
        b"\x06\x80",
        b"\x41",
        b"\x5c\x81",
        b"\x78\0\3\x41",
    ]
    assert all(map(starts_access_unit, starts))
    assert not any(map(starts_access_unit, others))
