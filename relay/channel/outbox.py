"""The rules for a slow viewer: it always gets audio and events, and as much of the video as its
connection can carry. Pure.
"""

from enum import Enum

from relay.channel.message import Message, without_video

SLOW_MS = 200.0
"""Minimum backlog of a slow viewer, in ms of waiting media."""
STALLED_MS = 400.0
"""Minimum backlog of a viewer that gets only keyframes, in ms of waiting media."""
CAUGHT_UP_MS = 50.0
"""Backlog below which a slow viewer gets more video again, in ms of waiting media."""
LAG_MS = 1_000.0
"""A viewer counts as slow if its reported lag exceeds its smallest lag by more than this, ms."""
LAG_MENDED_MS = 300.0
RETRY_MS = 1_000.0
"""Time at a reduced pace before full video is tried again, ms; doubles with every failure."""
RETRY_MAX_MS = 30_000.0
KEY_COST_MS = 500.0
"""Maximum time that a keyframe may occupy the connection of a viewer that gets only
keyframes, ms.
"""
FRAME_AGE_MS = 10_000.0
"""Minimum age of the viewer's last frame at which a keyframe may exceed KEY_COST_MS, ms."""
DRAIN_MS = 250.0
"""Time between two measurements of the drain rate, ms."""
JOIN_MS = 1_500.0
"""Maximum time that a joining viewer may take for its burst before it counts as slow, ms."""


class Pace(Enum):
    """How much of the video a viewer gets. The values are the names in the protocol."""

    FULL = "full"
    REFERENCE = "reference"
    KEY = "key"


class DrainRate:
    """Measures how fast a viewer takes bytes, as long as bytes wait for it."""

    def __init__(self) -> None:
        self.rate: float | None = None
        """Rate at which the viewer takes bytes, bit/s; None before the first measurement."""
        self._since: tuple[float, int] | None = None

    def add(self, taken: int, waiting: int, now_ms: float) -> None:
        """Takes a measurement. `taken`: number of bytes that the connection has taken so far;
        `waiting`: number of bytes that still wait.
        """
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
    """Decides which bytes of each message one viewer gets, according to the number of bytes that
    wait for it.

    The outbox stores no bytes: the transport's buffer is the queue, and omitted bytes are never
    queued. The pace applies to the whole connection with all its slots.
    """

    def __init__(self, now_ms: float = 0.0) -> None:
        self.pace = Pace.FULL
        self.dropped = 0
        """Video frames omitted since the connection began."""
        self.wants_keyframe = False
        """Whether the viewer has caught up and waits for a keyframe."""
        self.broken: set[int] = set()
        """Slots in which a frame was omitted that later frames refer to. Their video continues at
        the next keyframe.
        """
        self.lag: float | None = None
        """How far the viewer is behind the live edge according to its last report, ms."""
        self._lag_best: float | None = None
        self._lagging = False
        self._slowed_at = now_ms
        self._retry_after = RETRY_MS
        self._frame_at = now_ms

    @property
    def unrestricted(self) -> bool:
        """Whether the viewer gets every message whole."""
        return self.pace is Pace.FULL and not self.broken

    def choose(self, message: Message, waiting: int, rate: float, now_ms: float) -> bytes:
        """Returns the bytes to write now; may be empty. `waiting`: number of bytes that the viewer
        has not taken yet; `rate`: bit/s at which the viewer takes bytes.
        """
        if message.vital:
            return message.frame
        backlog = waiting * 8_000 / rate
        self._set_pace(backlog, now_ms)
        if not message.video:
            return message.frame
        if self._passes(message, backlog, len(message.frame) * 8_000 / rate, now_ms):
            self._frame_at = now_ms
            self.broken.discard(message.slot)
            return message.frame
        self._leave_out(message)
        return message.no_video

    def drop_video(self, messages: list[Message], now_ms: float) -> bytes:
        """Returns the messages without their video, for a viewer that was too slow for
        the video.
        """
        self._slow_down(now_ms)
        for message in messages:
            if message.video:
                self._leave_out(message)
        return b"".join(map(without_video, messages))

    def report(self, lag_ms: float) -> None:
        """Takes the viewer's report of how far its newest received media is behind the live edge.

        Each value is compared with the smallest value of this connection, because every value
        contains half a round trip and the age of the live edge.
        """
        self.lag = lag_ms
        best = self._lag_best
        # The minimum rises slowly. Otherwise a viewer whose path has become longer for good would
        # count as slow for ever.
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
        # A viewer whose connection cannot carry the video must not demand a keyframe after each
        # failure: all viewers pay for keyframes.
        steady = now_ms - self._slowed_at > 2 * RETRY_MAX_MS
        self._retry_after = RETRY_MS if steady else min(RETRY_MAX_MS, 2 * self._retry_after)
        self._slowed_at = now_ms
        self.pace = Pace.KEY

    def _leave_out(self, message: Message) -> None:
        self.dropped += message.video_frames
        if not message.disposable:
            self.broken.add(message.slot)

    def _passes(self, message: Message, backlog: float, cost: float, now_ms: float) -> bool:
        if self.pace is not Pace.KEY:
            if message.slot in self.broken:
                return message.key
            return self.pace is Pace.FULL or not message.disposable
        if not message.key or backlog >= CAUGHT_UP_MS:
            return False
        if self.wants_keyframe:
            self.pace = Pace.FULL
            self.wants_keyframe = False
            return True
        # Audio pauses while a keyframe is sent. A short pause is acceptable. A long pause is
        # acceptable only if the frame on the viewer's screen is old.
        return cost <= KEY_COST_MS or now_ms - self._frame_at >= FRAME_AGE_MS
