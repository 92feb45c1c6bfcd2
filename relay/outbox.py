"""What one viewer is sent when it is slow. Sound always; video as far as the connection carries it."""

from dataclasses import dataclass
from enum import Enum

SLOW_MS = 200.0
"""Media waiting in the transport from which a viewer counts as slow."""
STALLED_MS = 400.0
"""Media waiting from which only keyframes are sent."""
CAUGHT_UP_MS = 50.0
LAG_MS = 1_000.0
"""How far behind its own best a viewer may report to be."""
LAG_MENDED_MS = 300.0
JOIN_MS = 3_000
"""How long the burst of a join may take to drain before the viewer counts as slow."""


class Pace(Enum):
    """How much of the video goes to a viewer; the value is the one on the wire."""

    FULL = "full"
    REFERENCE = "reference"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Message:
    """One WebSocket message, built once for all viewers: bytes with their frame header before them."""

    frame: bytes
    audio: bytes
    """The same without its video; empty where there is no sound in it."""
    media_time: int
    """The newest media time in it, µs."""
    publish: int
    """µs since the Unix epoch."""
    video: bool = False
    key: bool = False
    disposable: bool = False
    vital: bool = False
    """An init record or an event: never dropped."""


class Outbox:
    """The rules of one viewer: which bytes of each message it gets, given how much waits in its transport.

    Holds no bytes itself; the transport's buffer is the queue, and what is not chosen is never queued.
    """

    def __init__(self, now_ms: float = 0.0) -> None:
        self.pace = Pace.FULL
        self.dropped = 0
        """Video frames left out since the connection began."""
        self.wants_keyframe = False
        """Set when this viewer has caught up and waits for a keyframe; whoever asks for one clears it."""
        self._joining_until: float | None = now_ms + JOIN_MS
        self._lag_best: float | None = None
        self._lagging = False

    def choose(self, message: Message, backlog_ms: float, now_ms: float) -> bytes:
        """The bytes to write now, or none. `backlog_ms` is how much media waits in the transport, before this message."""
        if message.vital:
            return message.frame
        self._set_pace(backlog_ms, now_ms)
        if not message.video or self._passes(message, backlog_ms):
            return message.frame
        self.dropped += 1
        return message.audio

    def report(self, lag_ms: float) -> None:
        """The viewer's own report: how far behind the live edge its last received media is.

        Judged against the best of this connection, since half a round trip and the age of the edge are always in it.
        """
        best = self._lag_best
        # The floor rises slowly, so that a route that became longer for good is not held against the viewer for ever.
        self._lag_best = lag_ms if best is None else min(lag_ms, best + 10.0)
        excess = lag_ms - self._lag_best
        if excess > LAG_MS:
            self._lagging = True
        elif excess < LAG_MENDED_MS:
            self._lagging = False

    def _set_pace(self, backlog_ms: float, now_ms: float) -> None:
        if self._joining_until is not None:
            if backlog_ms >= CAUGHT_UP_MS and now_ms < self._joining_until and not self._lagging:
                return
            self._joining_until = None
        if self._lagging or backlog_ms >= STALLED_MS:
            self.pace = Pace.KEY
            self.wants_keyframe = False
        elif backlog_ms >= SLOW_MS and self.pace is Pace.FULL:
            self.pace = Pace.REFERENCE
        elif backlog_ms < CAUGHT_UP_MS:
            if self.pace is Pace.REFERENCE:
                self.pace = Pace.FULL
            elif self.pace is Pace.KEY:
                self.wants_keyframe = True

    def _passes(self, message: Message, backlog_ms: float) -> bool:
        if self.pace is Pace.FULL:
            return True
        if self.pace is Pace.REFERENCE:
            return not message.disposable
        if not message.key or backlog_ms >= SLOW_MS:
            return False
        if backlog_ms < CAUGHT_UP_MS and not self._lagging:
            self.pace = Pace.FULL
            self.wants_keyframe = False
        return True
