"""Checks the chat that viewers receive: each message must arrive exactly once and in order.
Measures the time from the request that sends a message until the last viewer has the message. Pure.
"""

import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

COMPLETE_AFTER = 3_000_000
"""Time from the sending of a message until the message counts as complete, µs. By then, every
viewer has received the message or will never receive it.
"""
CACHED = 64
"""Number of events whose parsed form is cached. All viewers get the same bytes of an event, so only
the first arrival is parsed.
"""


class ChatEvent(NamedTuple):
    """A numbered event of the chat."""

    n: int
    sent: int
    """Time at which the writer sent the message, µs; 0 for a line of the room, and for a message
    that the load generator did not write.
    """


@dataclass(slots=True)
class ChatCounts:
    """Counts since the last call of `take_counts()`."""

    received: int = 0
    missing: int = 0
    """Number of messages that a viewer lacked when the viewer received a later message."""
    repeated: int = 0
    """Number of messages that a viewer received twice, or after a later message."""
    taps: int = 0
    """Number of taps in the tallies, summed over the viewers."""


class ChatArrivals:
    """The chat messages that the viewers of one process have received and read."""

    def __init__(self) -> None:
        self.counts = ChatCounts()
        self._parsed: OrderedDict[bytes, ChatEvent | int | None] = OrderedDict()
        self._last: dict[int, tuple[int, int]] = {}
        """For each message number: the time at which the message was sent, and the time of its last
        arrival at a viewer, µs.
        """

    def receive(self, body: bytes, last: int, now: int) -> int:
        """Takes an event that a viewer received. `last`: number (`n`) of the last message that this
        viewer received earlier; -1 if there was none. `now`: time of the arrival, µs. Returns the
        new value of `last`.
        """
        event = self._parse(body)
        if isinstance(event, int):
            self.counts.taps += event
            return last
        if event is None:
            return last
        self.counts.received += 1
        if event.sent:
            self._last[event.n] = event.sent, now
        if last >= 0:
            if event.n <= last:
                self.counts.repeated += 1
                return last
            self.counts.missing += event.n - last - 1
        return event.n

    def take_delays(self, now: int) -> list[float]:
        """Returns the delay of each complete message, ms: the time from the sending of the message
        to its last arrival at a viewer.
        """
        complete = [n for n, (sent, _) in self._last.items() if now - sent > COMPLETE_AFTER]
        spans = [self._last.pop(n) for n in complete]
        return [(arrived - sent) / 1_000 for sent, arrived in spans]

    def take_counts(self) -> ChatCounts:
        counts, self.counts = self.counts, ChatCounts()
        return counts

    def _parse(self, body: bytes) -> ChatEvent | int | None:
        if body in self._parsed:
            return self._parsed[body]
        event = self._parsed[body] = parse_event(body)
        if len(self._parsed) > CACHED:
            self._parsed.popitem(last=False)
        return event


def message_text(number: int, now: int) -> str:
    """Returns the text of a message that is sent at `now`, µs."""
    return f"load {number} {now}"


def parse_event(body: bytes) -> ChatEvent | int | None:
    """Returns the numbered event of the chat, or the number of taps in a tally. Returns None for
    every other event. Raises ValueError if the event is not JSON.
    """
    event = json.loads(body)
    match event.get("type"):
        case "message":
            message = event["message"]
            words = message["text"].split(" ")
            ours = len(words) == 3 and words[0] == "load" and words[2].isdecimal()
            return ChatEvent(message["n"], int(words[2]) if ours else 0)
        case "system":
            return ChatEvent(event["n"], 0)
        case "tally":
            return int(sum(event["taps"].values()))
    return None
