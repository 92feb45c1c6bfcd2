"""Decides when free memory is returned to the system. Pure; `now` in seconds.

The C library keeps freed memory for later allocations. Returning the memory takes a few ms on the
event loop. Therefore memory is returned only if much is free, and less often if an attempt had
little effect. An attempt may have little effect because the memory of connections is not counted,
and therefore seems free. For example, the memory of an attack's connections can be returned only
after these connections have ended.
"""

LEAST_GAIN = 20_000_000
"""Free memory that is worth returning, bytes."""
GAIN_SHARE = 0.05
"""Free memory that is worth returning, as a share of the resident memory."""
EVERY = 5.0
"""Minimum time between two attempts, seconds."""
EVERY_MAX = 15.0
"""Maximum time between two attempts, seconds. After each attempt with little effect, the time is
doubled, up to this maximum.
"""


class TrimSchedule:
    """Decides when to return memory. Call `due` regularly, and `trimmed` after each attempt."""

    def __init__(self, resident: int, now: float) -> None:
        """`resident`: resident memory of the process when it holds no media, bytes."""
        self._base = resident
        self._wait = EVERY
        self._next = now + EVERY

    def due(self, resident: int, counted: int, now: float) -> bool:
        """Whether to return memory now. `counted`: memory that is known to be in use, bytes."""
        return now >= self._next and self._free(resident, counted) > self._worth(resident)

    def trimmed(self, before: int, after: int, now: float) -> None:
        """Records the effect of an attempt to return memory. `before`, `after`: resident memory,
        bytes.
        """
        worked = before - after > self._worth(before) // 2
        self._wait = EVERY if worked else min(EVERY_MAX, 2 * self._wait)
        self._next = now + self._wait

    def _free(self, resident: int, counted: int) -> int:
        return resident - self._base - counted

    def _worth(self, resident: int) -> int:
        return max(LEAST_GAIN, round(GAIN_SHARE * resident))
