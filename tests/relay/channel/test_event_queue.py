"""The queue of events that wait for a message, without a channel."""

import pytest

from relay.channel.event_log import MAX_KEYS, PostedEvent
from relay.channel.event_queue import EVENT_MAX, EVENTS_WITHIN, PENDING_MAX, EventQueue
from tests.fixtures.channel import Timers


class Queue:
    """A queue, its timers and the events that it sent."""

    def __init__(self) -> None:
        self.timers = Timers()
        self.sent: list[list[PostedEvent]] = []
        self.events = EventQueue(
            lambda: self.sent.append(self.events.take()), self.timers.call_later
        )

    def post(self, body: bytes = b"{}", key: str | None = None, *, wait: bool = True) -> None:
        self.events.post(body, 5, key, True, wait=wait)

    @property
    def kept(self) -> list[int]:
        return [event.sequence for event in self.events.since(0)]


def test_an_event_waits_where_it_has_to_reach_a_viewer() -> None:
    """All events that wait have one timer, and reach the log only after it. Without viewers, no
    event waits.
    """
    queue = Queue()
    queue.post(wait=False)
    assert queue.kept == [1] and not queue.events.pending
    queue.post()
    queue.post()
    assert queue.kept == [1] and [timer.seconds for timer in queue.timers.calls] == [EVENTS_WITHIN]
    queue.timers.go_off()
    assert [[event.sequence for event in sent] for sent in queue.sent] == [[2, 3]]
    assert queue.kept == [1, 2, 3] and not queue.events.pending and not queue.timers.calls


def test_an_event_waits_behind_those_that_wait() -> None:
    """It waits even if no viewer is left, so that the log gets events in their order."""
    queue = Queue()
    queue.post(key="room")
    queue.post(key="room", wait=False)
    assert queue.kept == []
    queue.timers.go_off()
    assert queue.kept == [2]


def test_too_many_bytes_go_out_at_once() -> None:
    queue = Queue()
    for _ in range(PENDING_MAX // EVENT_MAX):
        queue.post(bytes(EVENT_MAX))
    assert len(queue.sent) == 1 and not queue.timers.calls


def test_a_refused_event_takes_no_number() -> None:
    """The keys of events that wait count towards the limit."""
    queue = Queue()
    for number in range(MAX_KEYS):
        queue.post(key=str(number))
    for body, key in ((b"{}", "one more"), (bytes(EVENT_MAX + 1), None)):
        with pytest.raises(ValueError, match="keys|bytes"):
            queue.post(body, key)
    queue.events.forget("0")
    queue.post(key="one more")
    assert [event.sequence for event in queue.events.take()] == list(range(1, MAX_KEYS + 2))


def test_a_forgotten_state_is_sent_but_not_kept() -> None:
    queue = Queue()
    queue.post(key="pinned")
    queue.events.forget("pinned")
    assert len(queue.events.take()) == 1 and queue.kept == []


def test_a_closed_queue_leaves_no_timer() -> None:
    queue = Queue()
    queue.post()
    queue.events.close()
    assert not queue.timers.calls and not queue.sent
