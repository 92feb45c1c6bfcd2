"""The events of a channel that wait for the next message. Once sent, an event is kept in the log.
Pure.
"""

from collections.abc import Callable
from typing import Protocol

from relay.channel.event_log import EventLog, PostedEvent

EVENTS_WITHIN = 0.1
"""Seconds that an event waits for a media message. After that, the event is sent in its own
message.
"""
EVENT_MAX = 16 * 1024
"""Maximum size of one event, bytes."""
PENDING_MAX = 32 * 1024
"""Maximum total size of the waiting events, bytes. If they exceed it, they are sent at once."""


class Timer(Protocol):
    def cancel(self) -> None: ...


class EventQueue:
    """Numbers the events of a channel, holds those that wait for a message, and owns the log for
    joining viewers.
    """

    def __init__(
        self,
        send: Callable[[], None],
        call_later: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        """`send` is called when the waiting events must be sent; `send` then calls `take`."""
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
    ) -> None:
        """Adds an event. `wait`: whether the event must be sent to viewers, not only logged. Raises
        ValueError, and adds nothing, if the event is longer than 16 KB or if its state exceeds the
        limits of the log.
        """
        if len(body) > EVENT_MAX:
            raise ValueError(f"the event has {len(body)} bytes; the maximum is {EVENT_MAX}")
        event = PostedEvent(self._sequence + 1, media_time, body, key, history)
        if key is not None:
            self._log.reserve(key, len(event.record))
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
        """Drops the state of a key. If that state still waits for a message, it is sent but not
        kept.
        """
        self._log.forget(key)
        for event in self.pending:
            if event.key == key:
                event.key = None
                event.history = False

    def take(self) -> list[PostedEvent]:
        """Returns the waiting events and adds them to the log. Present viewers get them with the
        next message; viewers that join later get them from the log.
        """
        self._cancel()
        events, self.pending = self.pending, []
        self._pending_bytes = 0
        for event in events:
            self._log.add(event)
        return events

    def since(self, sequence: int) -> list[PostedEvent]:
        """Returns the events after number `sequence` that a joining viewer gets."""
        return self._log.since(sequence)

    def close(self) -> None:
        """Cancels the timer and drops the reference to the channel. `post` must not be called after
        this.
        """
        self._cancel()
        self._send = _nothing

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


def _nothing() -> None: ...
