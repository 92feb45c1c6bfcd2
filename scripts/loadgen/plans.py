"""Plans of worker processes, sent as JSON. Imports nothing: both sides need it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CrowdPlan:
    """The viewers of one process."""

    host: str
    port: int
    tls: bool
    insecure: bool
    """Whether to accept any TLS certificate."""
    path: str
    """Path of the server's root, without a trailing slash."""
    rooms: list[str]
    weights: list[float]
    """Popularity of each room."""
    viewers: int
    probe: bool
    """Whether these viewers time every message."""
    slow: int
    slow_bps: int
    rude: int
    swipe: float
    """Mean seconds until a viewer changes rooms. 0: never; a lost viewer then does not return."""
    ramp: float
    """Seconds over which the viewers arrive."""
    same_clock: bool
    """Whether the server runs on this machine."""
    playback_path: str = "ws"
    """One of PLAYBACK_PATHS."""
    first: int = 0
    """Number of viewers in the preceding processes."""


@dataclass(frozen=True, slots=True)
class PublishersPlan:
    """The creators of one process."""

    insecure: bool
    rooms: list[tuple[str, str, str]]
    """One creator each: room name, creator key and WHIP URL."""
    clip: dict[str, Any]
    stay: float
    """Mean seconds until a creator leaves for a moment. 0: never; a lost creator then does not
    return.
    """
    ramp: float
    steady: bool = False
    """Whether the creators follow the clock (see `Publisher`)."""
