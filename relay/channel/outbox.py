"""The rules for a slow viewer: audio and events always, video as far as the connection carries it.
Pure.
"""

from enum import Enum

from relay.channel.message import Message, without_video

SLOW_MS = 200.0
"""ms of media waiting from which a viewer counts as slow."""
STALLED_MS = 400.0
"""ms of media waiting from which only keyframes are sent."""
CAUGHT_UP_MS = 50.0
"""ms of media waiting below which more video is tried."""
LAG_MS = 1_000.0
"""ms behind its own best from which a viewer that reports it counts as slow."""
LAG_MENDED_MS = 300.0
RETRY_MS = 1_000.0
"""ms at a reduced pace before full video is tried again; doubles with every failure."""
RETRY_MAX_MS = 30_000.0
KEY_COST_MS = 500.0
"""ms that a keyframe may occupy the viewer's connection while only keyframes are sent."""
FRAME_AGE_MS = 10_000.0
"""ms since the viewer's last frame from which a keyframe may take longer."""
DRAIN_MS = 250.0
"""ms between two measurements of the rate."""
JOIN_MS = 1_500.0
"""ms that a joining viewer has to take its burst before it counts as slow."""


class Pace(Enum):
    """How much of the video a viewer gets; the value is the one on the wire."""

    FULL = "full"
    REFERENCE = "reference"
    KEY = "key"


class DrainRate:
    """How fast a viewer takes bytes, measured while bytes wait for it."""

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
    """Decides which bytes of each message one viewer gets, given how much waits for it.

    Holds no bytes itself: the transport's buffer is the queue, and what is left out is never
    queued. The pace is that of the whole connection, whatever slots it carries.
    """

    def __init__(self, now_ms: float = 0.0) -> None:
        self.pace = Pace.FULL
        self.dropped = 0
        """Video frames left out since the connection began."""
        self.wants_keyframe = False
        """The viewer has caught up and waits for a keyframe."""
        self.broken: set[int] = set()
        """Slots of which a frame was left out that later frames refer to: their video goes on at
        the next keyframe.
        """
        self.lag: float | None = None
        """ms behind the live edge, by the viewer's last report."""
        self._lag_best: float | None = None
        self._lagging = False
        self._slowed_at = now_ms
        self._retry_after = RETRY_MS
        self._frame_at = now_ms

    @property
    def unrestricted(self) -> bool:
        """Every message goes out whole."""
        return self.pace is Pace.FULL and not self.broken

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
            self._frame_at = now_ms
            self.broken.discard(message.slot)
            return message.frame
        self._leave_out(message)
        return message.no_video

    def drop_video(self, messages: list[Message], now_ms: float) -> bytes:
        """What is left of messages without their video, for a viewer that was too slow for
        them.
        """
        self._slow_down(now_ms)
        for message in messages:
            if message.video:
                self._leave_out(message)
        return b"".join(map(without_video, messages))

    def report(self, lag_ms: float) -> None:
        """The viewer's own report: how far its last received media is behind the live edge.

        Compared with the best of this connection, since half a round trip and the age of the edge
        are always in it.
        """
        self.lag = lag_ms
        best = self._lag_best
        # The best rises slowly, so that a route that became longer for good does not make the
        # viewer slow for ever.
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
        # A connection that cannot carry the video would otherwise ask for keyframes, which all
        # viewers pay for, each time that it falls back.
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
        # The sound pauses while a keyframe is sent: a short pause is acceptable, a long one only
        # when the frame on the viewer's screen is old.
        return cost <= KEY_COST_MS or now_ms - self._frame_at >= FRAME_AGE_MS
