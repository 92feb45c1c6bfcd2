"""The time within the file of a piece."""

from server.recordings.piece_clock import piece_clocks
from server.storage.recording_records import SegmentRecord

SECOND = 1_000_000


def segment(number: int, piece: int, start: float, seconds: float = 4.0) -> SegmentRecord:
    return SegmentRecord(
        "abc", number, piece, round(start * SECOND), round(seconds * SECOND), 1, 100
    )


def test_segments_follow_each_other_exactly() -> None:
    clock = piece_clocks([segment(1, 1, 10), segment(2, 1, 14.02), segment(3, 1, 18.02)])[1]
    assert clock.starts == [0, 4_020_000, 8_020_000]
    assert clock.at(10 * SECOND) == 0
    assert clock.at(15 * SECOND) == 5 * SECOND
    assert clock.duration == 12_020_000


def test_an_interruption_is_left_out() -> None:
    clock = piece_clocks([segment(1, 1, 10), segment(2, 1, 60)])[1]
    assert clock.starts == [0, 4 * SECOND]
    assert clock.at(61 * SECOND) == 5 * SECOND
    assert clock.at(30 * SECOND) is None
    assert clock.at(9 * SECOND) is None and clock.at(65 * SECOND) is None


def test_each_piece_has_its_own_clock() -> None:
    clocks = piece_clocks([segment(1, 1, 10), segment(2, 2, 14), segment(3, 2, 18)])
    assert list(clocks) == [1, 2]
    assert clocks[1].at(15 * SECOND) is None
    assert clocks[2].at(19 * SECOND) == 5 * SECOND
