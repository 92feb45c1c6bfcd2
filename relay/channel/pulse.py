"""How late the event loop is, and what to do about it: put more into each write."""

import asyncio
from time import monotonic

BEAT = 0.05
LATE, PUNCTUAL = 0.08, 0.04
"""Seconds of lateness from which batches grow, and under which they shrink again. Between frames of
a full house some 40 ms pass in writes alone.
"""
MAX_BATCH = 8


class Pulse:
    """Beats every 50 ms and notices when that comes late.

    `batch` is how many messages a stream should send at a time: 1 while the loop keeps up, more
    when it does not. A write costs nearly as much for one frame as for three, so in an overload the
    delay grows and nobody is lost.
    """

    def __init__(self) -> None:
        self.batch = 1
        self.lateness = 0.0
        """Seconds, of the last beat."""
        self.worst = 0.0
        """Seconds, of all beats."""
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def start(self) -> None:
        self._due = monotonic() + BEAT
        self._timer = asyncio.get_running_loop().call_later(BEAT, self._beat)

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _beat(self) -> None:
        self.observe(monotonic() - self._due)
        self.start()

    def observe(self, lateness: float) -> None:
        """Takes the lateness of one beat, in seconds."""
        self.lateness = lateness
        self.worst = max(self.worst, lateness)
        if lateness > LATE:
            self.batch = min(MAX_BATCH, self.batch + 1)
        elif lateness < PUNCTUAL and self.batch > 1:
            self.batch -= 1
