"""How much more work the event loop can take. Pure: computes a Headroom from measured values."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

MAX_LOAD: Final = 0.8
FREE_BELOW: Final = 0.05
"""Distance by which the load must be below the limit before a full server accepts clients again, as
a share of the loop's time.
"""
LATE: Final = 0.06
"""Mean lateness of timers above which the server is full, seconds. The limit is above 40 ms,
because the server needs about that time to send a single frame to thousands of viewers.
"""
DROPPED_FOR: Final = 2.0
"""Time for which the server counts as full after the kernel dropped datagrams, seconds."""
SMOOTHED: Final = 0.5
"""Time constant of the mean load and lateness, seconds."""
COST_SMOOTHED: Final = 4.0
"""Time constant of the mean costs, seconds."""
CREATOR_COST: Final = 0.02
"""Assumed cost of a creator who sends 2.5 Mbit/s, as a share of the loop's time. Used until
`MEASURED_CREATORS` creators have been measured at the same time.
"""
VIEWER_COST: Final = 0.0005
MEASURED_CREATORS: Final = 3
MEASURED_VIEWERS: Final = 20


class Level(Enum):
    """The kinds of clients that the server accepts."""

    FREE = "free"
    FULL = "full"
    """The server accepts no new creators."""
    CROWDED = "crowded"
    """The server accepts no new creators and no new viewers."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Loads above which the server refuses creators and viewers, as shares of the loop's time. If
    the limit for creators is 1 or more, the server accepts everyone.
    """

    creators: float = MAX_LOAD
    """Load above which the server refuses new creators."""

    @property
    def viewers(self) -> float:
        """Load above which the server refuses new viewers."""
        return self.creators + 0.08

    @property
    def returning(self) -> float:
        """Load above which the server refuses creators who return to a room that is on air."""
        return self.creators + 0.15

    @property
    def never(self) -> bool:
        """Whether the server accepts all creators and viewers, whatever the load."""
        return self.creators >= 1


@dataclass(frozen=True, slots=True)
class Measurement:
    """The values that were measured over one interval."""

    seconds: float
    """Length of the interval."""
    cpu: float
    """CPU time of the loop's thread, seconds."""
    waited: float
    """Time for which the loop's thread was ready to run but had to wait for a core, seconds."""
    receiving: float
    """Time that the creators' sessions used, seconds."""
    delivering: float
    """Time that the server used to deliver media to viewers and to handle the viewers' feedback,
    seconds.
    """
    answering: float
    """Time that requests and WebSockets used, seconds."""
    lateness: float
    """Mean lateness of a timer that runs every 50 ms, seconds."""
    dropped: int
    """Number of datagrams that the kernel dropped because a receive buffer was full."""
    creators: int
    viewers: int
    """Viewers over WebSockets and WHEP."""


@dataclass(frozen=True, slots=True)
class Headroom:
    """How busy the server is. Loads and costs are shares of the loop's time."""

    level: Level = Level.FREE
    load: float = 0.0
    lateness: float = 0.0
    """Mean lateness of timers, seconds."""
    creator_cost: float = CREATOR_COST
    """Estimated cost of one more creator without viewers."""
    viewer_cost: float = VIEWER_COST
    """Estimated cost of one more viewer."""
    dropped: int = 0
    """Number of datagrams that the kernel dropped since the process began."""


class HeadroomEstimate:
    """Keeps mean values of the measurements. `headroom` is the result of the last measurement."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.headroom = Headroom()
        self._undropped = DROPPED_FOR
        """Seconds since the kernel last dropped a datagram."""

    def add(self, measurement: Measurement) -> Headroom:
        """Takes a measurement, and returns the new headroom."""
        seconds, before = measurement.seconds, self.headroom
        if seconds <= 0:
            return before
        weight = -math.expm1(-seconds / SMOOTHED)
        busy = measurement.cpu + measurement.waited
        load = _mean(before.load, min(1.0, busy / seconds), weight)
        lateness = _mean(before.lateness, max(0.0, measurement.lateness), weight)
        self._undropped = 0.0 if measurement.dropped else self._undropped + seconds
        creator_cost, viewer_cost = self._costs(measurement)
        self.headroom = Headroom(
            self._level(load, lateness),
            load,
            lateness,
            creator_cost,
            viewer_cost,
            before.dropped + measurement.dropped,
        )
        return self.headroom

    def _costs(self, measurement: Measurement) -> tuple[float, float]:
        """Returns the costs of a creator and of a viewer. Some time, such as the time to read from
        sockets, is not measured per kind. This time is divided among creators, viewers and requests
        in proportion to their measured times.
        """
        before, seconds = self.headroom, measurement.seconds
        counted = measurement.receiving + measurement.delivering + measurement.answering
        busy = measurement.cpu + measurement.waited
        whole = max(1.0, busy / counted) if counted > 0 else 1.0
        weight = -math.expm1(-seconds / COST_SMOOTHED)
        creator, viewer = before.creator_cost, before.viewer_cost
        if measurement.creators >= MEASURED_CREATORS:
            each = measurement.receiving * whole / seconds / measurement.creators
            creator = _mean(creator, max(1e-4, each), weight)
        if measurement.viewers >= MEASURED_VIEWERS:
            each = measurement.delivering * whole / seconds / measurement.viewers
            viewer = _mean(viewer, max(1e-5, each), weight)
        return creator, viewer

    def _level(self, load: float, lateness: float) -> Level:
        """Returns the level. The server leaves a level only when the load is clearly below the
        limit of that level. Otherwise the level could change at every measurement.
        """
        level, limits = self.headroom.level, self._limits
        if limits.never:
            return Level.FREE
        crowded = limits.viewers - (FREE_BELOW if level is Level.CROWDED else 0.0)
        full = limits.creators - (FREE_BELOW if level is not Level.FREE else 0.0)
        if load > crowded or lateness > 2 * LATE:
            return Level.CROWDED
        if load > full or lateness > LATE or self._undropped < DROPPED_FOR:
            return Level.FULL
        return Level.FREE


def _mean(before: float, value: float, weight: float) -> float:
    return before + (value - before) * weight
