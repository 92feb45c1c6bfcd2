"""A viewer without a WebSocket: it gets server-sent events (WHATWG HTML §9.2) and sends its notices
by POST (PROTOCOL.md).
"""

import asyncio
import json
import secrets
from collections.abc import Sequence
from enum import Enum
from typing import Any

from relay.channel.channel import Channel
from relay.channel.event_log import PostedEvent
from relay.channel.message import Message
from relay.channel.notice import Allowance, read_notice, read_number
from relay.errors import RefusalCode
from relay.sample import TrackInfo

WAITING_MAX = 64 * 1024
"""Maximum total size of the events that wait to be sent to one viewer, bytes."""
RETRY_MS = 2_000
"""Time that a browser waits before it reconnects, ms."""


class StreamState(Enum):
    OPEN = "open"
    ENDING = "ending"
    """The event stream is ending: waiting events are still sent, but no new event is added."""
    TOO_SLOW = "too slow"
    """More than WAITING_MAX bytes wait to be sent: the caller must close the connection."""


class EventStream:
    """A viewer that gets the events of a channel as an event stream. The viewer is subscribed from
    the call of `open` until the call of `leave`. The caller must send the viewer the bytes that
    `take` returns.
    """

    def __init__(self, channel: Channel) -> None:
        self.id = secrets.token_urlsafe(16)
        """Secret id of this event stream. The viewer's notices contain this id."""
        self.state = StreamState.OPEN
        self._channel = channel
        self._allowance = Allowance(asyncio.get_running_loop().time())
        self._chunks: list[bytes] = []
        self._size = 0
        self._news = asyncio.Event()

    def open(self, hello: dict[str, Any], last_event: str, *, person: str | None = None) -> None:
        """Subscribes the viewer. `last_event`: id of the last event that the viewer received; empty
        if there was no event. Raises Refusal if the channel is not open.
        """
        self._add(b"retry: %d\n" % RETRY_MS + _field("hello", {**hello, "viewer": self.id}))
        after = _after(last_event, self._channel.id)
        for message in self._channel.subscribe(self, person=person, media=False, after=after):
            # Do not compare the size of the first events with WAITING_MAX, because the channel
            # already limits this size.
            self._chunks += self._render(message.events)

    def leave(self) -> None:
        """Unsubscribes the viewer. After this call no event is added."""
        self._channel.unsubscribe(self)

    async def take(self, seconds: float) -> bytes:
        """Waits for events, but not longer than `seconds`. Returns the bytes added since the last
        call of `take`; empty if no event came in time.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return b""
        self._news.clear()
        chunks, self._chunks, self._size = self._chunks, [], 0
        return b"".join(chunks)

    # Calls from the channel (implements Viewer)

    def send(self, message: Message) -> None:
        for chunk in self._render(message.events):
            self._add(chunk)

    def receive_track(self, info: TrackInfo) -> None: ...

    def close(self, code: RefusalCode, text: str) -> None:
        """Sends the viewer the reason, then ends the event stream."""
        self._add(_field("close", {"code": code.value, "error": text}))
        if self.state is StreamState.OPEN:
            self.state = StreamState.ENDING

    # Notices

    def allows(self) -> bool:
        """Whether the viewer may send one more notice now."""
        return self._allowance.take(asyncio.get_running_loop().time())

    def receive_text(self, text: str) -> dict[str, Any] | None:
        """Handles a viewer's notice. Returns the answer; None if the notice needs no answer. Raises
        MessageError if the notice is malformed or unknown.
        """
        kind, notice = read_notice(text)
        if kind == "time":
            now = self._channel.now()
            return {"type": "time", "id": read_number(notice, "id"), "now": now}
        if kind == "report":
            self._channel.receive_report(self, notice, read_number(notice, "media_time"))
        else:
            self._channel.receive_notice(self, notice)
        return None

    def _render(self, events: Sequence[PostedEvent]) -> list[bytes]:
        """Returns the events in the format of server-sent events. Each event is formatted only
        once, because all viewers of the channel get the same bytes.
        """
        for event in events:
            event.server_sent = event.server_sent or _server_sent(self._channel.id, event)
        return [event.server_sent for event in events]

    def _add(self, chunk: bytes) -> None:
        if self.state is not StreamState.OPEN:
            return
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > WAITING_MAX:
            self.state = StreamState.TOO_SLOW
            self._chunks.clear()
        self._news.set()


def _server_sent(channel: str, event: PostedEvent) -> bytes:
    # Replace line breaks: JSON treats a line break as white space, but in a server-sent event a
    # line break ends the field.
    body = event.body.replace(b"\r", b" ").replace(b"\n", b" ")
    return b'id: %b-%d\ndata: {"media_time":%d,"event":%b}\n\n' % (
        channel.encode(),
        event.sequence,
        event.media_time,
        body,
    )


def _field(event: str, data: dict[str, Any]) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data)}\n\n".encode()


def _after(last_event: str, channel: str) -> int:
    """Returns the event number in the id `last_event`; 0 if the id is empty, malformed or from
    another channel.
    """
    name, _, number = last_event.partition("-")
    return int(number) if name == channel and number.isdecimal() and len(number) < 16 else 0
