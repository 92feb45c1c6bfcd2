"""The events of a channel that wait to be sent with the next message. After these events are sent,
the log keeps them. Pure.
"""

from collections.abc import Callable
from typing import Protocol

from relay.callbacks import ignore
from relay.channel.event_log import EventLog, PostedEvent

EVENTS_WITHIN = 0.1
"""Maximum time that an event waits for a media message, seconds. After this time, the event is sent
in its own message.
"""
EVENT_MAX = 16 * 1024
"""Maximum size of one event, bytes."""
PENDING_MAX = 32 * 1024
"""Maximum total size of the waiting events, bytes. If the events exceed this size, they are sent at
once.
"""


class Timer(Protocol):
    def cancel(self) -> None: ...


class EventQueue:
    """Assigns a number to each event of a channel, and holds the events that wait for a message.
    Owns the log from which joining viewers get events.
    """

    def __init__(
        self,
        send: Callable[[], None],
        call_later: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        """`send`: called when the waiting events must be sent. `send` must call `take`, which
        returns these events.
        """
        self.pending: list[PostedEvent] = []
        """The waiting events, oldest first."""
        self._pending_bytes = 0
        self._log = EventLog()
        self._sequence = 0
        self._timer: Timer | None = None
        self._send = send
        self._call_later = call_later

    def post(
        self, body: bytes, media_time: int, key: str | None, history: bool, *, wait: bool
    ) -> PostedEvent:
        """Adds an event, and returns it. `wait`: whether the event waits for the next message. If
        no viewers are present, the event need not wait, and goes straight to the log.

        Raises ValueError, and adds nothing, if the event is longer than 16 KB or exceeds the log's
        limits for states.
        """
        if len(body) > EVENT_MAX:
            raise ValueError(f"the event has {len(body)} bytes; the maximum is {EVENT_MAX}")
        event = PostedEvent(self._sequence + 1, media_time, body, key, history)
        self.add(event, wait=wait)
        return event

    def add(self, event: PostedEvent, *, wait: bool) -> None:
        """Adds an event that has its number already, for example from another server. Raises
        ValueError, and adds nothing, if the event exceeds the log's limits for states.
        """
        if event.key is not None:
            self._log.reserve(event.key, len(event.record))
        self._sequence = event.sequence
        if not wait and not self.pending:
            self._log.add(event)
            return
        self.pending.append(event)
        self._pending_bytes += len(event.record)
        if self._pending_bytes > PENDING_MAX:
            self._send()
        elif self._timer is None:
            self._timer = self._call_later(EVENTS_WITHIN, self._send)

    def forget(self, key: str) -> None:
        """Drops the state of a key. A waiting event with this key is still sent, but is not added
        to the log.
        """
        self._log.forget(key)
        for event in self.pending:
            if event.key == key:
                event.key = None
                event.history = False

    def take(self) -> list[PostedEvent]:
        """Removes and returns the waiting events. Adds these events to the log, from which later
        viewers get them.
        """
        self._cancel()
        events, self.pending = self.pending, []
        self._pending_bytes = 0
        for event in events:
            self._log.add(event)
        return events

    @property
    def newest(self) -> int:
        """The number of the newest event."""
        return self._sequence

    def number_after(self, sequence: int) -> None:
        """Gives the next event the number after `sequence`. Call this before the first event."""
        self._sequence = sequence

    def since(self, sequence: int) -> list[PostedEvent]:
        """Returns the events with numbers above `sequence` that a joining viewer gets."""
        return self._log.since(sequence)

    def close(self) -> None:
        """Cancels the timer and drops the reference to the channel. Do not call `post`
        afterwards.
        """
        self._cancel()
        self._send = ignore

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
