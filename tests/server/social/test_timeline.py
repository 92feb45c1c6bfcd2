"""The timeline of a part of a live."""

from collections.abc import Iterable

from server.social import timeline as module
from server.social.author import Role
from server.social.timeline import SecondOfHearts, TimelineMessage, seconds_in, timeline
from server.storage.timeline_records import TimelineMessageRecord, TimelineRecord


def said(times: Iterable[int]) -> list[TimelineMessageRecord]:
    return [
        TimelineMessageRecord(time, number, "p-sam", "Sam", 7, None, "guest", "hi")
        for number, time in enumerate(times, 1)
    ]


def test_messages_and_hearts() -> None:
    found = timeline(9_000_000, TimelineRecord(said([1_500_000]), {3: {"fire": 2}, 2: {"wow": 1}}))
    assert found.until == 9_000_000
    assert found.messages == [
        TimelineMessage(1_500_000, 1, "p-sam", "Sam", 7, None, Role.GUEST, "hi")
    ]
    assert found.hearts == [SecondOfHearts(2, {"wow": 1}), SecondOfHearts(3, {"fire": 2})]


def test_each_second_belongs_to_one_part() -> None:
    assert list(seconds_in(1_500_000, 4_000_000)) == [2, 3]
    assert list(seconds_in(4_000_000, 4_500_000)) == [4]
    assert list(seconds_in(4_100_000, 4_500_000)) == []


def test_a_timeline_with_too_many_messages_ends_early() -> None:
    """The messages of one media time are all in the next part."""
    times = [*range(module.MAX_MESSAGES - 1), 5_000_000, 5_000_000]
    found = timeline(9_000_000, TimelineRecord(said(times), {4: {"wow": 1}, 5: {"wow": 1}}))
    assert found.until == 5_000_000
    assert len(found.messages) == module.MAX_MESSAGES - 1
    assert [hearts.second for hearts in found.hearts] == [4]


def test_too_many_messages_of_one_media_time() -> None:
    """During an interruption, media time stands still. The next part still begins later."""
    found = timeline(9_000_000, TimelineRecord(said([70] * (module.MAX_MESSAGES + 1))))
    assert found.until == 71
    assert len(found.messages) == module.MAX_MESSAGES
