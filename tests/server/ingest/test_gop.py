"""The frames that are kept for a takeover, and their bounds."""

import pytest

from relay.media.h264 import AccessUnit
from relay.rtc.receive.reassembly import EncodedFrame
from server.ingest.gop import MAX_BYTES, MAX_FRAMES, MAX_SECONDS, Gop


def frame(number: int, size: int = 10, arrived: float = 0.0, *, key: bool = False) -> EncodedFrame:
    return EncodedFrame(number, AccessUnit(bytes(size), b"", b"", key, False), arrived)


def test_frames_from_the_beginning_on() -> None:
    gop = Gop()
    assert gop.add(frame(0)) and len(gop) == 0
    gop.begin()
    assert not any(gop.add(frame(number)) for number in range(3))
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
        assert not gop.add(frame(number, size, number * interval))
    dropped = gop.add(frame(count, size, count * interval))
    assert [each.timestamp for each in dropped] == list(range(count + 1))
    assert len(gop) == 0 and not gop.open
    assert len(gop.add(frame(count + 1))) == 1
    gop.begin()
    assert not gop.add(frame(0, MAX_BYTES)) and len(gop.add(frame(1, 1))) == 2


def test_beyond_a_limit_the_last_keyframes_are_kept() -> None:
    gop = Gop()
    gop.begin()
    for number in range(50):
        assert not gop.add(frame(number, arrived=number / 10, key=not number % 20))
    dropped = gop.add(frame(51, arrived=5.1))
    assert [each.timestamp for each in dropped] == list(range(20)) and gop.open
    dropped = gop.add(frame(52, MAX_BYTES, arrived=5.2, key=True))
    assert len(dropped) == 31 and [kept.timestamp for kept in gop.frames()] == [52]
    gop.begin()
    assert not gop.add(frame(53, MAX_BYTES - 10))


def test_frames_that_were_taken_do_not_count() -> None:
    gop = Gop()
    gop.begin()
    for number in range(2 * MAX_FRAMES):
        assert not gop.add(frame(number, MAX_BYTES // MAX_FRAMES, number * MAX_SECONDS / 2))
        assert gop.pop().timestamp == number
