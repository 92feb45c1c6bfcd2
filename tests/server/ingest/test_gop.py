"""The frames that are kept for a takeover, and their bounds."""

import pytest

from relay.media.h264 import AccessUnit
from relay.rtc.receive.reassembly import EncodedFrame
from server.ingest.gop import MAX_BYTES, MAX_FRAMES, MAX_SECONDS, Gop


def frame(number: int, size: int = 10, arrived: float = 0.0) -> EncodedFrame:
    return EncodedFrame(number, AccessUnit(bytes(size), b"", b"", False, False), arrived)


def test_frames_from_the_beginning_on() -> None:
    gop = Gop()
    assert not gop.add(frame(0)) and len(gop) == 0
    gop.begin()
    assert all(gop.add(frame(number)) for number in range(3))
    assert gop.pop().timestamp == 0
    assert [kept.timestamp for kept in gop.frames()] == [1, 2]
    gop.begin()
    assert gop.frames() == [] and gop.open


@pytest.mark.parametrize(
    ("count", "size", "interval"),
    [
        (MAX_FRAMES, 10, 0.001),
        (4, MAX_BYTES // 4, 0.001),
        (11, 10, MAX_SECONDS / 10),
    ],
    ids=["count", "bytes", "time"],
)
def test_beyond_a_limit_nothing_is_kept(count: int, size: int, interval: float) -> None:
    """Up to the limit all frames are kept. Afterwards, none is until the next beginning."""
    gop = Gop()
    gop.begin()
    for number in range(count):
        assert gop.add(frame(number, size, number * interval))
    assert not gop.add(frame(count, size, count * interval))
    assert len(gop) == 0 and not gop.open
    assert not gop.add(frame(count + 1))
    gop.begin()
    assert gop.add(frame(0, MAX_BYTES)) and not gop.add(frame(1, 1))


def test_frames_that_were_taken_do_not_count() -> None:
    gop = Gop()
    gop.begin()
    for number in range(2 * MAX_FRAMES):
        assert gop.add(frame(number, MAX_BYTES // MAX_FRAMES, number * MAX_SECONDS / 2))
        assert gop.pop().timestamp == number
