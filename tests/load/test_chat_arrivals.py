"""The generator's figures of the chat."""

import json

import pytest

from scripts.loadgen.chat_arrivals import (
    CACHED,
    COMPLETE_AFTER,
    ChatArrivals,
    ChatCounts,
    ChatEvent,
    message_text,
    parse_event,
)
from server.people.person import Person
from server.social.author import Role
from server.social.message import Kind, Message, message_event


def event(n: int, sent: int = 1_000) -> bytes:
    """An event as the server posts it."""
    message = Message(
        n, "c", Person("p", "n", 0), Role.GUEST, message_text(n, sent), 1.0, 0, kind=Kind.CHAT
    )
    return json.dumps(message_event(message)).encode()


def test_events() -> None:
    assert parse_event(event(7, 123)) == ChatEvent(7, 123)
    foreign = event(7).replace(b"load 7", b"hello 7")
    assert parse_event(foreign) == ChatEvent(7, 0)
    line = Message(
        8, "", Person("", "", 0), Role.CREATOR, "went_live", 1.0, 0, kind=Kind.SYSTEM, values={}
    )
    assert parse_event(json.dumps(message_event(line)).encode()) == ChatEvent(8, 0)
    assert parse_event(b'{"type":"tally","taps":{"heart":3,"cry":1},"media_time":5}') == 4
    assert parse_event(b'{"type":"room"}') is None
    with pytest.raises(ValueError, match="Expecting"):
        parse_event(b"{")


def test_messages_that_are_missing_or_come_twice_are_counted() -> None:
    arrivals, last = ChatArrivals(), -1
    for n in (4, 5, 8, 8, 6, 9):
        last = arrivals.receive(event(n), last, 2_000)
    assert last == 9
    assert arrivals.take_counts() == ChatCounts(received=6, missing=2, repeated=2)
    assert arrivals.take_counts() == ChatCounts()


def test_the_delay_is_that_of_the_last_viewer() -> None:
    """It is taken once the message has had time to reach all viewers."""
    arrivals = ChatArrivals()
    for viewer, arrived in enumerate((11_000, 41_000, 31_000)):
        arrivals.receive(event(1, 1_000), -1, max(arrived, 41_000 if viewer == 2 else 0))
    assert arrivals.take_delays(50_000) == []
    assert arrivals.take_delays(1_000 + COMPLETE_AFTER + 1) == [40.0]
    assert arrivals.take_delays(1_000 + COMPLETE_AFTER + 1) == []


def test_tallies_are_added_up_and_the_cache_is_small() -> None:
    arrivals = ChatArrivals()
    for number in range(2 * CACHED):
        body = b'{"type":"tally","taps":{"heart":%d}}' % number
        assert arrivals.receive(body, 3, 0) == arrivals.receive(body, 3, 0) == 3
    assert arrivals.take_counts().taps == 2 * sum(range(2 * CACHED))
    assert len(arrivals._parsed) == CACHED
