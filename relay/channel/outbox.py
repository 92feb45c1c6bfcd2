"""The rules for a slow viewer. The viewer always gets audio and events, and as much video as its
connection can carry. Pure.
"""

from enum import Enum

from relay.channel.message import Message, without_video

SLOW_MS = 200.0
"""Backlog at which a viewer gets only reference frames: ms of media that waits to be sent."""
STALLED_MS = 400.0
"""Backlog at which a viewer gets only keyframes: ms of media that waits to be sent."""
CAUGHT_UP_MS = 50.0
"""Backlog below which a slow viewer gets more video again: ms of media that waits to be sent."""
LAG_MS = 1_000.0
"""Maximum difference between the lag that a viewer reports and the smallest lag that the same
viewer has reported, ms. With a larger difference, the viewer counts as slow.
"""
LAG_MENDED_MS = 300.0
RETRY_MS = 1_000.0
"""Time for which a slow viewer gets only keyframes before full video is tried again, ms. The time
doubles with each failed try.
"""
RETRY_MAX_MS = 30_000.0
KEY_COST_MS = 500.0
"""Maximum time that sending one keyframe may take, ms. A keyframe that would take longer is omitted
for a viewer that gets only keyframes.
"""
FRAME_AGE_MS = 10_000.0
"""Time that a viewer may go without a video frame, ms. After this time, the viewer gets the next
keyframe, even if sending the keyframe takes longer than KEY_COST_MS.
"""
DRAIN_MS = 250.0
"""Time between two measurements of the drain rate, ms."""
JOIN_MS = 1_500.0
"""Maximum time for sending the burst to a joining viewer, ms. If sending takes longer, the viewer
counts as slow.
"""


class Pace(Enum):
    """How much of the video a viewer gets. The values are the names in the protocol."""

    FULL = "full"
    REFERENCE = "reference"
    KEY = "key"


class DrainRate:
    """Measures how fast a viewer's connection takes bytes while bytes wait to be sent."""

    def __init__(self) -> None:
        self.rate: float | None = None
        """Rate at which the connection takes bytes, bit/s; None before the first measurement."""
        self._since: tuple[float, int] | None = None

    def add(self, taken: int, waiting: int, now_ms: float) -> None:
        """Records a measurement. `taken`: number of bytes that the connection has taken so far;
        `waiting`: number of bytes that wait to be sent.
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
    """Decides which bytes of each message one viewer gets. The decision depends on the number of
    bytes that wait to be sent.

    The outbox stores no bytes: the transport's buffer is the queue, and omitted bytes never enter
    the queue. The pace applies to all slots of the connection.
    """

    def __init__(self, now_ms: float = 0.0) -> None:
        self.pace = Pace.FULL
        self.dropped = 0
        """Number of video frames omitted since the connection began."""
        self.wants_keyframe = False
        """Whether the viewer has caught up and needs a keyframe to get full video again."""
        self.broken: set[int] = set()
        """Slots whose video cannot be decoded until the next keyframe, because a reference frame
        was omitted.
        """
        self.keeps_slow = False
        """Whether a viewer that has become slow gets only keyframes, even after its connection has
        caught up. True while the server is overloaded.
        """
        self.lag: float | None = None
        """The lag that the viewer last reported (how far it is behind the live edge), ms; None
        before the first report.
        """
        self._lag_best: float | None = None
        self._lagging = False
        self._slowed_at = now_ms
        self._retry_after = RETRY_MS
        self._frame_at = now_ms

    @property
    def unrestricted(self) -> bool:
        """Whether the viewer gets every message completely."""
        return self.pace is Pace.FULL and not self.broken

    def rejoin(self, now_ms: float) -> None:
        """Forgets that the viewer was slow. Call this when a viewer begins or ends its standby: the
        media that it gets afterwards starts at a keyframe.
        """
        self.pace = Pace.FULL
        self.wants_keyframe = False
        self.broken.clear()
        self.lag = self._lag_best = None
        self._lagging = False
        self._frame_at = now_ms
        self._retry_after = RETRY_MS

    def choose(self, message: Message, waiting: int, rate: float, now_ms: float) -> bytes:
        """Returns those bytes of `message` that the caller must write now; may be empty. `waiting`:
        number of bytes that wait to be sent; `rate`: rate at which the connection takes bytes,
        bit/s.
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
        """Reduces the pace to keyframes, because the viewer was too slow. Returns the bytes of
        `messages` without video.
        """
        self._slow_down(now_ms)
        for message in messages:
            if message.video:
                self._leave_out(message)
        return b"".join(map(without_video, messages))

    def report(self, lag_ms: float) -> None:
        """Takes the lag that a viewer reported: how far the newest media that the viewer has
        received is behind the live edge.

        Each lag is compared with the smallest lag of this connection, because every lag includes
        half a round trip and the age of the live edge.
        """
        self.lag = lag_ms
        best = self._lag_best
        # Let the minimum rise slowly. Otherwise a viewer whose network path has become permanently
        # longer would count as slow for ever.
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
        elif self.keeps_slow:
            self.wants_keyframe = False
            if self.pace is Pace.REFERENCE or (self.pace is Pace.FULL and backlog >= SLOW_MS):
                self._slow_down(now_ms)
        elif backlog >= SLOW_MS and self.pace is Pace.FULL:
            self.pace = Pace.REFERENCE
        elif backlog < CAUGHT_UP_MS:
            if self.pace is Pace.REFERENCE:
                self.pace = Pace.FULL
            elif self.pace is Pace.KEY and now_ms - self._slowed_at >= self._retry_after:
                self.wants_keyframe = True

    def _slow_down(self, now_ms: float) -> None:
        # Wait longer after each failure. Otherwise a viewer with a slow connection would demand
        # keyframes again and again, at the expense of all viewers.
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
