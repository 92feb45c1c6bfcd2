"""Sequence numbers of one viewer, without gaps where packets were left out."""

from relay.rtc.send.numbering import PIECES, Numbering


def test_packets_that_were_not_sent_leave_no_gap() -> None:
    """A number leads back to the packet that was sent with it."""
    numbering = Numbering(100)
    assert numbering.take(0, 3) == 100
    assert numbering.take(3, 2) == 103
    assert numbering.take(9, 2) == 105
    indexes = [numbering.index_of(number) for number in range(100, 107)]
    assert indexes == [0, 1, 2, 3, 4, 9, 10]
    assert numbering.index_of(99) is None, "sent before the first"


def test_numbers_wrap_around() -> None:
    numbering = Numbering(0xFFFE)
    assert numbering.take(5, 4) == 0xFFFE
    assert numbering.next == 0x10002
    assert [numbering.index_of(number) for number in (0xFFFE, 0xFFFF, 0, 1)] == [5, 6, 7, 8]


def test_only_recent_omissions_are_remembered() -> None:
    """The oldest packets can then no longer be found."""
    numbering = Numbering(0)
    for piece in range(PIECES + 1):
        numbering.take(piece * 10, 1)
    assert numbering.index_of(0) is None
    assert numbering.index_of(1) == 10 and numbering.index_of(PIECES) == PIECES * 10
