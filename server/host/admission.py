"""Decides whether a new creator or viewer is accepted. Pure.

The load of a new creator or viewer appears in the measurements only after a moment. Until then, the
expected load of each accepted creator and viewer is added to the measured load.
"""

import math
from dataclasses import dataclass
from typing import Final

from server.host.headroom import Headroom, Level, Limits

BEGIN_WEBSOCKET: Final = 0.0008
"""Event-loop time that a new WebSocket viewer needs for the request, the upgrade and the burst,
seconds.
"""
BEGIN_WEBRTC: Final = 0.015
"""Event-loop time that a new WebRTC session needs for the offer, the answer and the DTLS handshake,
seconds.
"""
SPREAD: Final = 0.5
"""Interval between two measurements of the load, seconds. The load of a new session is the
event-loop time that the session needs to begin, divided by this interval.
"""
RETRY_FIRST: Final = 5
RETRY_STEPS: Final = 6
"""Number of different values of Retry-After, one second apart, from RETRY_FIRST up. Clients that
are refused one after the other get different values, so that these clients do not try again at the
same time.
"""


@dataclass(slots=True)
class RefusedCounters:
    """Totals since the process began."""

    creators: int = 0
    """Number of refused attempts to create a room or to publish."""
    viewers: int = 0
    """Number of refused viewers."""


class Admission:
    """Accepts creators and viewers as long as the expected load stays below the limits. Call
    `measured` after each measurement.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.headroom = Headroom()
        self.refused = RefusedCounters()
        self._expected = 0.0
        """Load that is expected in addition to the measured load."""

    def measured(self, headroom: Headroom, unmeasured: float) -> None:
        """Takes a new headroom. `unmeasured`: load that recently accepted creators will add, as a
        share of the loop's time.
        """
        self.headroom = headroom
        self._expected = unmeasured

    # Figures

    @property
    def load(self) -> float:
        """Sum of the measured load and the expected load, as a share of the loop's time."""
        return self.headroom.load + self._expected

    @property
    def full(self) -> bool:
        """Whether a new creator would be refused."""
        return not self.creators

    @property
    def creators(self) -> int:
        """Number of further creators that the server would accept now."""
        if self.headroom.level is not Level.FREE:
            return 0
        return self._places(self.limits.creators, self.headroom.creator_cost)

    @property
    def viewers(self) -> int:
        """Number of further WebSocket viewers that the server would accept now."""
        if self.headroom.level is Level.CROWDED:
            return 0
        return self._places(self.limits.viewers, self.headroom.viewer_cost)

    def _places(self, limit: float, cost: float) -> int:
        if self.limits.never:
            limit = max(limit, self.load + cost)
        return max(0, math.floor((limit - self.load) / cost + 1e-9))

    # Decisions

    def check_creator(self, *, returning: bool) -> int:
        """Returns 0 if a creator would be accepted. If not, returns the seconds after which the
        client may try again. `returning`: whether the creator's room is on air.
        """
        cost = self.headroom.creator_cost
        if returning:
            refused = self._places(self.limits.returning, cost) == 0
        else:
            refused = self.full
        if not refused:
            return 0
        self.refused.creators += 1
        return RETRY_FIRST + self.refused.creators % RETRY_STEPS

    def take_creator(self, *, returning: bool) -> int:
        """Accepts a creator and returns 0, or refuses the creator and returns the seconds after
        which the client may try again. `returning`: whether the creator's room is on air.
        """
        wait = self.check_creator(returning=returning)
        if not wait:
            self._expected += self.headroom.creator_cost + BEGIN_WEBRTC / SPREAD
        return wait

    def take_viewer(self, begin: float) -> int:
        """Accepts a viewer and returns 0, or refuses the viewer and returns the seconds after which
        the client may try again. `begin`: event-loop time that the viewer needs to begin, seconds.
        """
        cost = self.headroom.viewer_cost + begin / SPREAD
        if self.headroom.level is Level.CROWDED or not self._places(self.limits.viewers, cost):
            self.refused.viewers += 1
            return RETRY_FIRST + self.refused.viewers % RETRY_STEPS
        self._expected += cost
        return 0
