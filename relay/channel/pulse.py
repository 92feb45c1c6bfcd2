"""How late the event loop is, and how much to put into each write because of it."""

import asyncio
from time import monotonic

BEAT = 0.05
LATE, PUNCTUAL = 0.08, 0.04
"""Seconds of lateness from which batches grow, and below which they shrink again. With thousands of
viewers the writes of one frame alone take some 40 ms.
"""
MAX_BATCH = 8


class Pulse:
    """Sets a timer every 50 ms and measures how late it is called.

    `batch` is how many messages a channel should send at a time: 1 while the loop keeps up, more
    when it does not. A write costs nearly as much for one frame as for three, so in an overload the
    delay grows and no viewer is lost.
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
