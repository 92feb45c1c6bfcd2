"""The burst with which joining viewers begin."""

import pytest

from relay.channel.burst import MAX_DRAFTS, OVERHEAD, Burst
from relay.channel.draft import NO_PLACE, Draft
from relay.channel.message import Message
from tests.fixtures.media import video_sample


def message(frame: bytes, *, key: bool = False) -> Message:
    return Message(frame, b"", 0, 0, video=True, key=key)


def test_all_since_the_last_idr_in_order() -> None:
    burst = Burst()
    burst.add(message(b"before any"))
    assert burst.messages == []
    for frame, key in (
        (b"i1", True),
        (b"p1", False),
        (b"i2", True),
        (b"p2", False),
        (b"p3", False),
    ):
        burst.add(message(frame, key=key))
    assert [each.frame for each in burst.messages] == [b"i2", b"p2", b"p3"]


def test_nothing_is_left_after_clear_until_the_next_idr() -> None:
    burst = Burst()
    burst.add(message(b"i", key=True))
    burst.clear()
    burst.add(message(b"p"))
    assert burst.messages == []


def draft(size: int, *, key: bool = False) -> Draft:
    return Draft(0, video_sample(0, key=key, data=bytes(size)), NO_PLACE, [], NO_PLACE, 0)


def test_drafts_are_written_in_their_place() -> None:
    """A draft stays between the messages around it. Its bytes count from the beginning."""
    burst = Burst()
    burst.keep(draft(10))
    assert burst.messages == []
    burst.keep(draft(10, key=True))
    assert not burst.empty and burst.size == OVERHEAD + 10
    burst.keep(draft(20))
    burst.add(message(b"written"))
    burst.keep(draft(30))
    frames = [each.frame for each in burst.messages]
    assert [frame[-5:] for frame in frames] == [bytes(5), bytes(5), b"itten", bytes(5)]
    assert burst.size == sum(OVERHEAD + len(frame) for frame in frames)
    burst.keep(draft(40, key=True))
    assert len(burst.messages) == 1


def test_few_messages_are_left_to_write_at_a_join() -> None:
    """A creator of tiny frames causes tens of thousands, which would delay all viewers."""
    burst = Burst()
    for number in range(MAX_DRAFTS + 100):
        burst.keep(draft(1, key=number == 0))
    assert len(burst._messages) == 100
    assert len(burst.messages) == MAX_DRAFTS + 100
    assert burst.size == sum(OVERHEAD + len(each.frame) for each in burst.messages)


def test_too_many_drafts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.channel.burst.BURST_MAX", 2 * OVERHEAD + 10)
    burst = Burst()
    burst.keep(draft(6, key=True))
    burst.keep(draft(4))
    assert burst.size == 2 * OVERHEAD + 10
    burst.keep(draft(1))
    assert burst.empty and burst.size == 0


def test_too_much_is_forgotten_until_the_next_idr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.channel.burst.BURST_MAX", 2 * OVERHEAD + 10)
    burst = Burst()
    burst.add(message(b"123456", key=True))
    burst.add(message(b"7890"))
    assert (len(burst.messages), burst.size) == (2, 2 * OVERHEAD + 10)
    burst.add(message(b"1"))
    burst.add(message(b"2"))
    assert (burst.messages, burst.size) == ([], 0)
    burst.add(message(b"i", key=True))
    assert len(burst.messages) == 1


def test_the_keyframe_is_written_without_the_drafts_behind_it() -> None:
    burst = Burst()
    burst.keep(draft(10, key=True))
    burst.keep(draft(20))
    keyframe = burst.keyframe
    drafts = len(burst._drafts)
    burst.keep(draft(30, key=True))
    assert keyframe and keyframe.key and burst.keyframe is not keyframe
    assert drafts == 1 and not burst._drafts
