"""Decides which work the server stops or reduces, stage by stage, if the load grows although the
server refuses new creators and viewers. Pure.

The order: HLS of rooms without viewers, video of rooms without viewers, frames for slow viewers,
the bitrate of the creators that send most. Audio is never reduced.

In the last stage, the server lowers the bitrate step by step. Before the server leaves this stage,
it raises the bitrate step by step.
"""

from enum import IntEnum
from typing import Final

UP_AT: Final = 0.92
"""Load above which the server goes to a higher stage, as a share of the loop's time."""
DOWN_BELOW: Final = 0.7
"""Load below which the server goes to a lower stage, as a share of the loop's time."""
NORMAL_BELOW: Final = 0.5
"""Load below which the server returns to normal operation, as a share of the loop's time."""
LATE: Final = 0.1
"""Mean lateness of timers above which the server goes to a higher stage, seconds."""
UP_EVERY: Final = 0.5
"""Minimum time between two steps to a higher stage, seconds. The effect of one step must show
before the next step.
"""
DOWN_AFTER: Final = 0.4
"""Time for which the load must be below DOWN_BELOW before each step to a lower stage, seconds. The
time doubles if the server returns to a higher stage within `RELAPSE` seconds.
"""
DOWN_AFTER_MAX: Final = 30.0
RELAPSE: Final = 5.0
UNWATCHED_BITRATE: Final = 150_000
"""Bitrate requested from creators without viewers, bit/s. Applies from stage UNWATCHED_VIDEO on."""
LEAST_CEILING: Final = 300_000
LOWER, RAISE = 0.7, 1.5
"""Factors by which the maximum bitrate of all creators falls (`LOWER`) and rises (`RAISE`)."""


class Stage(IntEnum):
    """The work that the server stops or reduces. Each stage includes the earlier stages."""

    NOTHING = 0
    IDLE_HLS = 1
    """The server stops the HLS output of rooms without viewers."""
    UNWATCHED_VIDEO = 2
    """The server lowers the video quality of rooms without viewers. These rooms stay live."""
    SLOW_VIEWERS = 3
    """Viewers whose connections are slow get keyframes and audio, but no other frames."""
    HEAVIEST = 4
    """The server lowers the bitrate of the creators that send most."""


class Stages:
    """Chooses the stage, and the highest bitrate that any creator may send. Call `update` after
    each measurement.
    """

    def __init__(self, bitrate_cap: int) -> None:
        """`bitrate_cap`: bitrate requested from creators in normal operation, bit/s."""
        self.stage = Stage.NOTHING
        self.ceiling = bitrate_cap
        """Bitrate requested from creators with viewers, bit/s."""
        self._cap = bitrate_cap
        self._stepped_at: float | None = None
        self._low_since: float | None = None
        self._down_after = DOWN_AFTER
        self._down_at: float | None = None

    def update(self, load: float, lateness: float, heaviest: float, now: float) -> bool:
        """Takes the load, the mean lateness in seconds and the highest bitrate of a creator in
        bit/s. Returns whether the stage or the ceiling changed.
        """
        if load > UP_AT or lateness > LATE:
            self._low_since = None
            return self._rises(heaviest, now)
        if load >= DOWN_BELOW or self.stage is Stage.NOTHING:
            self._low_since = None
            return False
        if load < NORMAL_BELOW:
            self._reset()
            return True
        if self._low_since is None:
            self._low_since = now
        if now - self._low_since < self._down_after:
            return False
        self._low_since = now
        self._fall(now)
        return True

    def concerns(self, load: float, lateness: float) -> bool:
        """Returns True if the load is too high, or if the server stops or reduces some work."""
        return self.stage is not Stage.NOTHING or load > UP_AT or lateness > LATE

    def cap(self, viewers: int) -> int:
        """Returns the bitrate to request from the creator of a room with this number of viewers,
        bit/s.
        """
        if self.stage >= Stage.UNWATCHED_VIDEO and not viewers:
            return min(UNWATCHED_BITRATE, self._cap)
        return self.ceiling

    def _rises(self, heaviest: float, now: float) -> bool:
        if self._stepped_at is not None and now - self._stepped_at < UP_EVERY:
            return False
        self._stepped_at = now
        if self._down_at is not None:
            relapsed = now - self._down_at < RELAPSE
            self._down_after = min(DOWN_AFTER_MAX, 2 * self._down_after) if relapsed else DOWN_AFTER
            self._down_at = None
        if self.stage < Stage.HEAVIEST:
            self.stage = Stage(self.stage + 1)
            if self.stage < Stage.HEAVIEST:
                return True
            # Start at the highest bitrate that a creator really sends, because `_cap` may be far
            # higher.
            self.ceiling = round(min(self._cap, max(LEAST_CEILING, heaviest)))
        before = self.ceiling
        self.ceiling = max(min(LEAST_CEILING, self._cap), round(self.ceiling * LOWER))
        return self.ceiling != before or self.stage is Stage.HEAVIEST

    def _fall(self, now: float) -> None:
        self._down_at = now
        if self.ceiling < self._cap:
            raised = round(self.ceiling * RAISE)
            self.ceiling = self._cap if raised >= self._cap else raised
            if self.ceiling < self._cap:
                return
        self.stage = Stage(self.stage - 1)

    def _reset(self) -> None:
        self.stage, self.ceiling = Stage.NOTHING, self._cap
        self._low_since = self._down_at = None
        self._down_after = DOWN_AFTER
