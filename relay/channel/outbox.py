"""What one viewer is sent when it is slow. Sound always; video as far as the connection carries
it.
"""

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
RETRY_MS = 1_000.0
"""How long a slow viewer must have been slow before full video is tried again; doubles with every
failure.
"""
RETRY_MAX_MS = 30_000.0
KEY_COST_MS = 500.0
"""Time on the viewer's connection that a keyframe may take while only keyframes are sent."""
PICTURE_MS = 10_000.0
"""Age of the picture from which a keyframe may take longer."""
DRAIN_MS = 250.0
JOIN_MS = 1_500.0
"""How long all that a joining viewer gets may take, before it counts as slow."""


class Pace(Enum):
    """How much of the video goes to a viewer; the value is the one on the wire."""

    FULL = "full"
    REFERENCE = "reference"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Message:
    """One WebSocket message, built once for all viewers: bytes with their frame header before
    them.
    """

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
    pictures: int = 0
    """Video frames in it."""


def merge(messages: list[Message]) -> Message:
    """Several as one, in their order. A keyframe may only be the first of them, since what comes
    before one is of no use to who starts there.
    """
    if len(messages) == 1:
        return messages[0]
    return Message(
        frame=b"".join(message.frame for message in messages),
        audio=b"".join(message.audio if message.video else message.frame for message in messages),
        media_time=messages[-1].media_time,
        publish=messages[-1].publish,
        video=any(message.video for message in messages),
        key=messages[0].key,
        disposable=all(message.disposable for message in messages),
        pictures=sum(message.pictures for message in messages),
    )


class DrainRate:
    """How fast a viewer takes bytes, measured while bytes wait for it; that is the only time when
    it shows.
    """

    def __init__(self) -> None:
        self.rate: float | None = None
        """bit/s; None before the first measurement."""
        self._since: tuple[float, int] | None = None

    def add(self, taken: int, waiting: int, now_ms: float) -> None:
        """`taken`: bytes gone out so far; `waiting`: bytes that have not."""
        if not waiting:
            self._since = None
            return
        if self._since is None:
            self._since = (now_ms, taken)
            return
        began, before = self._since
        if now_ms - began >= DRAIN_MS:
            rate = (taken - before) * 8_000 / (now_ms - began)
            self.rate = rate if self.rate is None else 0.5 * (self.rate + rate)
            self._since = (now_ms, taken)


class Outbox:
    """The rules of one viewer: which bytes of each message it gets, given how much waits for it.

    Holds no bytes itself; the transport's buffer is the queue, and what is not chosen is never
    queued.
    """

    def __init__(self, now_ms: float = 0.0) -> None:
        self.pace = Pace.FULL
        self.dropped = 0
        """Video frames left out since the connection began."""
        self.wants_keyframe = False
        """Set when this viewer has caught up and waits for a keyframe."""
        self.lag: float | None = None
        """ms behind the live edge, as the viewer told last."""
        self._lag_best: float | None = None
        self._lagging = False
        self._slowed_at = now_ms
        self._retry_after = RETRY_MS
        self._picture_at = now_ms

    def choose(self, message: Message, waiting: int, rate: float, now_ms: float) -> bytes:
        """The bytes to write now, or none. `waiting`: bytes not yet taken; `rate`: bit/s at which
        the viewer takes them.
        """
        if message.vital:
            return message.frame
        backlog = waiting * 8_000 / rate
        self._set_pace(backlog, now_ms)
        if not message.video:
            return message.frame
        if self._passes(message, backlog, len(message.frame) * 8_000 / rate, now_ms):
            self._picture_at = now_ms
            return message.frame
        self.dropped += message.pictures
        return message.audio

    def sound_only(self, messages: list[Message], now_ms: float) -> bytes:
        """What is left of messages for a viewer that proved too slow for them: all but the
        video.
        """
        self._slow_down(now_ms)
        self.dropped += sum(message.pictures for message in messages)
        return b"".join(message.audio if message.video else message.frame for message in messages)

    def report(self, lag_ms: float) -> None:
        """The viewer's own report: how far behind the live edge its last received media is.

        Judged against the best of this connection, since half a round trip and the age of the edge
        are always in it.
        """
        self.lag = lag_ms
        best = self._lag_best
        # The floor rises slowly, so that a route that became longer for good is not held against
        # the viewer for ever.
        self._lag_best = lag_ms if best is None else min(lag_ms, best + 10.0)
        excess = lag_ms - self._lag_best
        if excess > LAG_MS:
            self._lagging = True
        elif excess < LAG_MENDED_MS:
            self._lagging = False

    def _set_pace(self, backlog: float, now_ms: float) -> None:
        if self._lagging or backlog >= STALLED_MS:
            if self.pace is not Pace.KEY:
                self._slow_down(now_ms)
            self.wants_keyframe = False
        elif backlog >= SLOW_MS and self.pace is Pace.FULL:
            self.pace = Pace.REFERENCE
        elif backlog < CAUGHT_UP_MS:
            if self.pace is Pace.REFERENCE:
                self.pace = Pace.FULL
            elif self.pace is Pace.KEY and now_ms - self._slowed_at >= self._retry_after:
                self.wants_keyframe = True

    def _slow_down(self, now_ms: float) -> None:
        # A connection that cannot carry the video would otherwise ask for keyframes, at everybody's
        # cost, as often as it falls back.
        steady = now_ms - self._slowed_at > 2 * RETRY_MAX_MS
        self._retry_after = RETRY_MS if steady else min(RETRY_MAX_MS, 2 * self._retry_after)
        self._slowed_at = now_ms
        self.pace = Pace.KEY

    def _passes(self, message: Message, backlog: float, cost: float, now_ms: float) -> bool:
        if self.pace is Pace.FULL:
            return True
        if self.pace is Pace.REFERENCE:
            return not message.disposable
        if not message.key or backlog >= CAUGHT_UP_MS:
            return False
        if self.wants_keyframe:
            self.pace = Pace.FULL
            self.wants_keyframe = False
            return True
        # What a keyframe takes is a pause in the sound: a short one is worth it, a long one when
        # the picture has become old.
        return cost <= KEY_COST_MS or now_ms - self._picture_at >= PICTURE_MS
