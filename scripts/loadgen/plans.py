"""The plans that a run sends to its worker processes as JSON. Both the run and the workers import
this module, so it imports no other module of the load generator.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CrowdPlan:
    """The plan for the viewers of one worker process."""

    host: str
    port: int
    tls: bool
    insecure: bool
    """Whether to accept any TLS certificate."""
    path: str
    """Path of the server's root, without a trailing slash."""
    rooms: list[str]
    weights: list[float]
    """Popularity of each room. A more popular room gets more viewers."""
    viewers: int
    probe: bool
    """Whether these viewers measure the delay of every message."""
    slow: int
    slow_bps: int
    rude: int
    swipe: float
    """Mean seconds until a viewer changes rooms. If 0, viewers never change rooms, and a viewer
    that lost its connection does not return.
    """
    ramp: float
    """Seconds over which the viewers arrive."""
    same_clock: bool
    """Whether the server runs on this machine and so has the same clock."""
    playback_path: str = "ws"
    """The playback path of the viewers: one of PLAYBACK_PATHS."""
    first: int = 0
    """Total number of viewers in all preceding worker processes. The viewers of this process are
    numbered from this number on.
    """
    taps: float = 0.0
    """Taps of each viewer per second."""
    reads_events: bool = False
    """Whether these viewers read each event of the chat. If false, they only count the events."""
    node: int = 0
    """Number of the node at which these viewers watch."""


@dataclass(frozen=True, slots=True)
class CrowdsPlan:
    """The plan for all viewers of one worker process: one crowd for each node."""

    crowds: list[CrowdPlan]


@dataclass(frozen=True, slots=True)
class WritersPlan:
    """The plan for the people who write messages."""

    url: str
    """URL of the server's root, without a trailing slash."""
    insecure: bool
    rooms: list[str]
    weights: list[float]
    rate: float
    """Messages per second, of all writers together."""
    guests: int
    after: float
    """Seconds from the first arrival of a viewer or creator until the first message."""


@dataclass(frozen=True, slots=True)
class PublishersPlan:
    """The plan for the creators of one worker process."""

    insecure: bool
    rooms: list[tuple[str, str, str]]
    """Room name, creator key and WHIP URL of each creator."""
    clip: dict[str, Any]
    stay: float
    """Mean seconds until a creator leaves for a moment. If 0, creators never leave, and a creator
    that lost its connection does not return.
    """
    ramp: float
    steady: bool = False
    """Whether the position of each creator in the clip follows the clock (see `Publisher`)."""
    loss: float = 0.0
    """Share of media packets that each creator deliberately does not send, from 0 to 1. The share
    also applies to retransmissions.
    """
    moves: bool = False
    """Whether creators move to another server when their server asks for it. Each of them then has
    an event stream.
    """
