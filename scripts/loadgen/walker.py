"""Parses a viewer's receive buffer in place: WebSocket frames (RFC 6455 §5.2) and record headers
(relay/PROTOCOL.md).

Skips the body of each record, except events if the walker reads events. A read may end at any byte.
Pure.
"""

from struct import Struct
from typing import NoReturn, Protocol

from scripts.loadgen.delivery import Delivery

BINARY, TEXT, CLOSE, PING, PONG = 0x82, 0x81, 0x88, 0x89, 0x8A
MARGIN = 8_192
"""Size of the reserved space at the start of the read buffer, bytes. New data is read to the
position after this space. Unparsed bytes of the previous read, such as half a header, are copied to
the end of the space.
"""

RECORD = Struct(">BBxBB3x4xIq8xqI")
"""Fields of the record header: version, kind, track, flags, sequence number, media time, publish
time, length of the body.
"""
RECORD_SIZE = 44
assert RECORD.size == RECORD_SIZE

_MEDIA, _EVENT, _VIDEO, _AUDIO, _KEY = 2, 3, 0, 1, 1
_NOT_YET = -1


class ProtocolViolation(ValueError):
    """The server violated the protocol."""


class Listener(Protocol):
    """Handles the rare elements in the data that a viewer receives: notices, the first frame, pings
    and the close frame. The walker counts all other elements.
    """

    def receive_text(self, text: bytes) -> None: ...

    def receive_first_frame(self) -> None:
        """Handles the first IDR. Called when the last byte of the IDR has arrived."""

    def receive_ping(self, payload: bytes) -> None: ...

    def receive_close(self, code: int) -> None: ...

    def receive_event(self, body: bytes) -> None:
        """Takes the body of an event. Called only if the walker reads events."""


class Walker:
    """A parser for the data that one viewer receives. `walk` parses data that was read into
    `buffer` from position MARGIN on.
    """

    __slots__ = (
        "_body",
        "_carry",
        "_frame",
        "_listener",
        "_next",
        "_next_event",
        "_pending_idr",
        "_probe",
        "_publish",
        "_reads_events",
        "_skip",
        "_delivery",
        "live_after",
        "media_time",
        "seen_idr",
    )

    def __init__(
        self,
        delivery: Delivery,
        listener: Listener,
        probe: bool = False,
        *,
        reads_events: bool = False,
    ) -> None:
        self._reads_events = reads_events
        self._body: bytes | None = None  # the received part of the body of an event
        self._delivery = delivery
        self._listener = listener
        self._probe = probe
        self._carry = b""
        self._skip = 0  # bytes of a body that have not arrived yet
        self._frame = 0  # bytes of the WebSocket frame after that body
        self._next = [_NOT_YET, _NOT_YET]  # the next expected sequence number of each track
        self._next_event = _NOT_YET
        self._publish = 0  # publish time of this message's first record; 0: none
        self._pending_idr = False
        self.seen_idr = False
        self.media_time = _NOT_YET
        """Latest media time that the viewer has received, µs."""
        self.live_after: int | None = None
        """Time on the server's clock, µs. Messages published before this time belong to the burst
        and are not timed. If the value is None, no message is timed.
        """

    def walk(self, buffer: bytearray, size: int, now: int) -> None:
        """Parses `size` new bytes of `buffer`. Raises ProtocolViolation. `now`: time on the
        server's clock, µs. Only the walker of a probe uses this time.
        """
        at, end = MARGIN, MARGIN + size
        delivery = self._delivery
        delivery.bytes += size
        if self._carry:
            at -= len(self._carry)
            buffer[at:MARGIN] = self._carry
            self._carry = b""
        skip, frame = self._skip, self._frame
        while True:
            if skip:
                if end - at < skip:
                    if self._body is not None:
                        self._body += buffer[at:end]
                    self._skip, self._frame = skip - (end - at), frame
                    return
                if self._body is not None:
                    self._listener.receive_event(self._body + buffer[at : at + skip])
                    self._body = None
                at += skip
                skip = 0
            if self._pending_idr:
                self._pending_idr = False
                self.seen_idr = True
                self._listener.receive_first_frame()
            if frame:
                if end - at < RECORD_SIZE:
                    break
                version, kind, track, flags, sequence, media_time, publish, skip = (
                    RECORD.unpack_from(buffer, at)
                )
                at += RECORD_SIZE
                frame -= RECORD_SIZE + skip
                if version != 1 or frame < 0:
                    self._broken(
                        "a record longer than its message"
                        if version == 1
                        else f"a record of version {version}"
                    )
                if kind == _MEDIA and track <= _AUDIO:
                    expected = self._next[track]
                    if sequence != expected and expected != _NOT_YET:
                        delivery.gaps += sequence - expected & 0xFFFFFFFF
                    self._next[track] = sequence + 1 & 0xFFFFFFFF
                    self.media_time = media_time
                    if not self.seen_idr and flags & _KEY and track == _VIDEO:
                        self._pending_idr = True
                    if self._probe and not self._publish:
                        self._publish = publish
                elif kind == _EVENT:
                    delivery.events += 1
                    delivery.event_bytes += skip
                    if self._reads_events and skip:
                        self._body = b""
                    # The burst contains only some of the room's events. Missing events therefore
                    # count as gaps only after the first IDR.
                    if sequence != self._next_event and self.seen_idr:
                        delivery.event_gaps += sequence - self._next_event & 0xFFFFFFFF
                    self._next_event = sequence + 1 & 0xFFFFFFFF
                continue
            if self._publish:
                self._time(now)
            if end - at < 2:
                break
            first, length = buffer[at], buffer[at + 1]
            header = 2
            if length > 125:
                if length > 127:
                    self._broken("a masked frame")
                header = 4 if length == 126 else 10
                if end - at < header:
                    break
                length = int.from_bytes(buffer[at + 2 : at + header], "big")
            if first == BINARY:
                delivery.messages += 1
                frame = length
                at += header
                continue
            if length > MARGIN - 16:
                self._broken(f"a notice of {length} bytes")
            if end - at < header + length:
                break
            at += header
            self._receive_other(first, bytes(buffer[at : at + length]))
            at += length
        if at < end:
            self._carry = bytes(buffer[at:end])
        self._skip, self._frame = 0, frame

    def _time(self, now: int) -> None:
        if self.live_after is not None and self._publish > self.live_after:
            self._delivery.delays.append((now - self._publish) / 1_000)
        self._publish = 0

    def _receive_other(self, first: int, payload: bytes) -> None:
        if first == TEXT:
            self._listener.receive_text(payload)
        elif first == PING:
            self._listener.receive_ping(payload)
        elif first == CLOSE:
            self._listener.receive_close(
                int.from_bytes(payload[:2], "big") if len(payload) > 1 else 1005
            )
        elif first != PONG:
            self._broken(f"a frame of type {first:#04x}")

    def _broken(self, what: str) -> NoReturn:
        raise ProtocolViolation(f"the server sent {what}")
