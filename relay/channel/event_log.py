"""The events that a joining viewer gets: the latest state of each key, and the last events of the
channel. Pure.
"""

from collections import deque

from relay.message import Kind, Record, pack_record

HISTORY_EVENTS = 100
HISTORY_BYTES = 32 * 1024
MAX_KEYS = 32
"""Maximum number of keys that have a state."""
STATES_BYTES = 64 * 1024
"""Maximum total size of the records of all states, bytes."""


class PostedEvent:
    """One event of a channel, with its record as bytes."""

    __slots__ = ("body", "history", "key", "media_time", "record", "sequence", "server_sent")

    def __init__(
        self, sequence: int, media_time: int, body: bytes, key: str | None, history: bool
    ) -> None:
        self.sequence = sequence
        """Number of the event within its channel, from 1."""
        self.media_time = media_time
        """The event's media time, µs."""
        self.body = body
        """The event as UTF-8 JSON. The relay does not interpret this text."""
        self.key = key
        """The key of the event; None if the event has no key. The event is the state of its key
        until the next event with the same key.
        """
        self.history = history
        """Whether the event is kept in the history that joining viewers get."""
        self.record = pack_record(
            Record(Kind.EVENT, body, sequence=sequence, media_time=media_time)
        )
        self.server_sent = b""
        """The event in the format of server-sent events (relay/channel/event_stream.py). Empty
        until this format is first needed.
        """


class EventLog:
    """Keeps the latest state of each key, and the most recent events. Both the states and the
    events are limited in number and in total size.
    """

    def __init__(self, max_events: int = HISTORY_EVENTS, max_bytes: int = HISTORY_BYTES) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._sizes: dict[str, int] = {}
        """Number of bytes reserved for the state of each key."""
        self._states: dict[str, PostedEvent] = {}
        self._history: deque[PostedEvent] = deque()
        self._bytes = 0

    def reserve(self, key: str, size: int) -> None:
        """Reserves `size` bytes for the next state of a key, and releases the bytes of the key's
        present state. Raises ValueError, and changes nothing, if there would be more than 32 keys
        or if all states together would exceed 64 KB.
        """
        if key not in self._sizes and len(self._sizes) >= MAX_KEYS:
            raise ValueError(f"more than {MAX_KEYS} keys would have a state")
        total = sum(self._sizes.values()) - self._sizes.get(key, 0) + size
        if total > STATES_BYTES:
            raise ValueError(f"all states would have {total} bytes; the maximum is {STATES_BYTES}")
        self._sizes[key] = size

    def add(self, event: PostedEvent) -> None:
        """Adds an event. For an event with a key, call `reserve` first. An event never replaces a
        newer state.
        """
        if event.key is not None:
            present = self._states.get(event.key)
            if present is None or present.sequence < event.sequence:
                self._states[event.key] = event
        if event.history:
            self._history.append(event)
            self._bytes += len(event.record)
            while len(self._history) > self._max_events or self._bytes > self._max_bytes:
                self._bytes -= len(self._history.popleft().record)

    def forget(self, key: str) -> None:
        """Drops the state of a key."""
        self._sizes.pop(key, None)
        self._states.pop(key, None)

    def since(self, sequence: int = 0) -> list[PostedEvent]:
        """Returns the events with numbers above `sequence`, in order: the latest state of each key,
        and the history without outdated states.
        """
        found = {
            event.sequence: event
            for event in (*self._history, *self._states.values())
            if event.sequence > sequence
            and (event.key is None or self._states.get(event.key) is event)
        }
        return [found[number] for number in sorted(found)]
