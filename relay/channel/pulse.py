"""Measures the lateness of the event loop, and derives how many messages a channel sends
together.
"""

import asyncio
from time import monotonic

BEAT = 0.05
LATE, PUNCTUAL = 0.08, 0.04
"""Lateness above which batches grow, and lateness below which batches shrink, seconds. With
thousands of viewers, a lateness of about 40 ms is normal, because writing one frame to all viewers
takes that long.
"""
MAX_BATCH = 8
RECENT_MAX = 100
"""Maximum number of lateness values that are stored between two calls of `take_recent`."""


class Pulse:
    """Measures how late the event loop calls a timer that is due every 50 ms.

    `batch` is the number of messages that a channel should send together: 1 while the event loop is
    punctual, and more while the event loop is late. Writing three frames at once costs little more
    than writing one frame. So with larger batches, an overloaded server can still serve all
    viewers: the delay grows, but no viewer is disconnected.
    """

    def __init__(self) -> None:
        self.batch = 1
        self.lateness = 0.0
        """Lateness of the last timer call, seconds."""
        self.worst = 0.0
        """Maximum lateness of all timer calls so far, seconds."""
        self._recent: list[float] = []
        """Lateness of each timer call since `take_recent`, seconds. At most RECENT_MAX values."""
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def start(self) -> None:
        self._due = monotonic() + BEAT
        self._timer = asyncio.get_running_loop().call_later(BEAT, self._beat)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    def take_recent(self, now: float) -> tuple[float, float]:
        """Returns the mean and the maximum lateness of the timer since the last call of this
        method, seconds. A timer call that is overdue counts too. `now`: seconds of
        `time.monotonic`.
        """
        recent, self._recent = self._recent, []
        if now > self._due or not recent:
            recent.append(max(0.0, now - self._due))
        return sum(recent) / len(recent), max(recent)

    def _beat(self) -> None:
        self.observe(monotonic() - self._due)
        self.start()

    def observe(self, lateness: float) -> None:
        """Records the lateness of one timer call, seconds."""
        self.lateness = lateness
        self.worst = max(self.worst, lateness)
        if len(self._recent) < RECENT_MAX:
            self._recent.append(max(0.0, lateness))
        if lateness > LATE:
            self.batch = min(MAX_BATCH, self.batch + 1)
        elif lateness < PUNCTUAL and self.batch > 1:
            self.batch -= 1
