"""What worker processes are told to do. Travels as JSON; imports nothing, since both sides need
it.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CrowdPlan:
    """What one process's viewers do. Sent to it as JSON."""

    host: str
    port: int
    tls: bool
    insecure: bool
    """Take any certificate."""
    path: str
    """Of the server's root, without a slash at its end."""
    rooms: list[str]
    weights: list[float]
    """How much each room is wanted."""
    viewers: int
    probe: bool
    """They time every message."""
    slow: int
    slow_bps: int
    rude: int
    swipe: float
    """Mean seconds until a viewer goes to another room; 0: never, and one that is lost does not
    come back.
    """
    ramp: float
    """Seconds over which they come."""
    same_clock: bool
    """The server is on this machine."""
    way: str = "ws"
    """How they watch: one of ways.WAYS."""
    first: int = 0
    """How many viewers the other processes have before this one's."""


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What one process's creators do. Sent to it as JSON."""

    insecure: bool
    rooms: list[tuple[str, str, str]]
    """One creator each: the room's name, its key, and the URL to publish to."""
    clip: dict[str, Any]
    stay: float
    """Mean seconds until a creator goes away for a moment; 0: never, and one that is lost does not
    come back.
    """
    ramp: float
    steady: bool = False
    """They keep to the clock, as `Publisher` says."""
