"""The events that a channel keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.channel.event_log import MAX_KEYS, STATES_BYTES, EventLog, PostedEvent
from relay.message import HEADER_SIZE, Kind, unpack_records


def event(
    sequence: int, *, key: str | None = None, history: bool = True, size: int = 10
) -> PostedEvent:
    return PostedEvent(sequence, sequence * 1_000, bytes(size), key, history)


def numbers(events: list[PostedEvent]) -> list[int]:
    return [each.sequence for each in events]


def test_an_event_is_packed_once_with_its_number_and_media_time() -> None:
    (record,) = unpack_records(event(7).record)
    assert (record.kind, record.sequence, record.media_time) == (Kind.EVENT, 7, 7_000)


def test_the_history_is_bounded_by_count_and_by_bytes() -> None:
    """The oldest events go first. An event larger than the limit leaves the history empty."""
    log = EventLog(max_events=3, max_bytes=10 * (HEADER_SIZE + 10))
    for number in range(1, 6):
        log.add(event(number))
    assert numbers(log.since()) == [3, 4, 5]
    log.add(event(6, size=8 * (HEADER_SIZE + 10)))
    assert numbers(log.since()) == [5, 6]
    log.add(event(7, size=100 * HEADER_SIZE))
    assert numbers(log.since()) == []


def test_the_state_of_a_key_outlives_the_history() -> None:
    """Newer events do not displace it, and its number gives its place among them."""
    log = EventLog(max_events=2)
    log.add(event(1, key="pinned"))
    for number in range(2, 6):
        log.add(event(number))
    log.add(event(6, key="room", history=False))
    assert numbers(log.since()) == [1, 4, 5, 6]
    assert numbers(log.since(4)) == [5, 6]
    log.forget("pinned")
    assert numbers(log.since()) == [4, 5, 6]


def test_keys_are_bounded() -> None:
    log = EventLog()
    for number in range(MAX_KEYS):
        log.reserve(str(number), 10)
    log.reserve("0", 20)
    with pytest.raises(ValueError, match="keys"):
        log.reserve("one more", 10)
    log.forget("0")
    log.reserve("one more", 10)


def test_states_are_bounded_by_bytes() -> None:
    """A new state of a key replaces the state before. A refused state changes nothing."""
    log = EventLog()
    log.reserve("a", STATES_BYTES - 10)
    log.reserve("b", 10)
    with pytest.raises(ValueError, match="bytes"):
        log.reserve("b", 11)
    log.reserve("a", STATES_BYTES - 11)
    log.reserve("b", 11)
    log.forget("a")
    log.reserve("b", STATES_BYTES)


def test_an_older_event_replaces_no_state() -> None:
    log = EventLog()
    log.add(event(2, key="room"))
    log.add(event(1, key="room"))
    assert numbers(log.since()) == [2]


@given(
    st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.booleans(), st.integers(0, 300))),
    st.integers(0, 30),
)
def test_a_joining_viewer_gets_each_event_once_and_in_order(
    drawn: list[tuple[str | None, bool, int]], after: int
) -> None:
    """For any posts, numbers ascend from above `after`, and each key has one event, its latest."""
    log = EventLog(max_events=5, max_bytes=600)
    posted = [
        event(number, key=key, history=history, size=size)
        for number, (key, history, size) in enumerate(drawn, 1)
    ]
    for each in posted:
        log.add(each)
    found = log.since(after)
    assert numbers(found) == sorted(set(numbers(found))) and all(
        number > after for number in numbers(found)
    )
    for key in ("a", "b"):
        latest = [each for each in posted if each.key == key][-1:]
        assert [each for each in found if each.key == key] == [
            each for each in latest if each.sequence > after
        ]
