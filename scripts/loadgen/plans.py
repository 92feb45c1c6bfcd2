"""The plans of worker processes, sent as JSON. This module imports nothing of the generator,
because both the run and the workers need it.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CrowdPlan:
    """The plan for the viewers of one process."""

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
    """Mean seconds until a viewer changes rooms. 0: viewers never change rooms, and a lost viewer
    does not return.
    """
    ramp: float
    """Seconds over which the viewers arrive."""
    same_clock: bool
    """Whether the server runs on this machine."""
    playback_path: str = "ws"
    """The playback path of the viewers: one of PLAYBACK_PATHS."""
    first: int = 0
    """Number of viewers in the preceding processes."""


@dataclass(frozen=True, slots=True)
class PublishersPlan:
    """The plan for the creators of one process."""

    insecure: bool
    rooms: list[tuple[str, str, str]]
    """Room name, creator key and WHIP URL of each creator."""
    clip: dict[str, Any]
    stay: float
    """Mean seconds until a creator leaves for a moment. 0: creators never leave, and a lost creator
    does not return.
    """
    ramp: float
    steady: bool = False
    """Whether the creators follow the clock (see `Publisher`)."""
