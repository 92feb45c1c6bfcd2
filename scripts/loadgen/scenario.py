"""The parameters of a run. The command line creates them, and all other modules only read them."""

import math
from dataclasses import dataclass
from pathlib import Path

from scripts.loadgen.conditions import Condition
from scripts.loadgen.playback_paths import PLAYBACK_PATHS, PlaybackPath
from scripts.loadgen.target import Target

MAX_VIEWERS = 10_000
MAX_CREATORS = 1_000
MAX_SECONDS = 3_600
MAX_CHAT, MAX_TAPS = 1_000, 500_000
SECONDS_BETWEEN_MESSAGES = 2.5
"""Seconds between two messages of one person."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """The parameters of a run: the server, the viewers, the creators and the conditions."""

    name: str
    """Kind of the run: `viewers`, `creators` or `mixed`."""
    command: str
    """Command line with which the user started the load generator."""
    target: Target
    viewers: int
    creators: int
    """Number of creators that the generator simulates."""
    workers: int
    """Number of worker processes among which the viewers or the creators are divided. The probes
    run in an additional process.
    """
    ramp: float
    """Duration of the ramp, seconds. All viewers and creators arrive during the ramp."""
    seconds: float
    """Duration of the run after the ramp, seconds."""
    probe_share: float
    token: str | None
    insecure: bool
    kbps: int
    fps: int
    size: tuple[int, int]
    conditions: tuple[Condition, ...]
    folder: Path
    room: str | None = None
    key: str | None = None
    path: str = "ws"
    """The playback path of the viewers: one of PLAYBACK_PATHS."""
    nodes: tuple[Target, ...] = ()
    """The nodes at which the viewers watch, in equal shares. A node that is named twice gets two
    shares. Empty if the viewers watch at `target`.
    """
    slow_share: float = 0.0
    slow_bps: int = 200_000
    rude_share: float = 0.0
    swipe: float = 0.0
    """Mean time that a viewer stays in a room, seconds; 0 if viewers stay until the run ends."""
    stay: float = 0.0
    """Mean time that a creator stays live, seconds; 0 if creators stay until the run ends."""
    moves: bool = False
    """Whether creators move to another server when their server asks for it."""
    zipf: float = 0.0
    """Exponent of the Zipf distribution by which viewers choose rooms; 0 if all rooms are equally
    popular.
    """
    chat: float = 0.0
    """Messages that are written per second, in all rooms together."""
    taps: float = 0.0
    """Taps per second, of all viewers together."""

    @property
    def places(self) -> tuple[Target, ...]:
        """All nodes of the run, each once: the one of the creators, and those of the viewers."""
        return tuple(dict.fromkeys((self.target, *self.nodes)))

    @property
    def playback_path(self) -> PlaybackPath:
        return PLAYBACK_PATHS[self.path]

    @property
    def probes(self) -> int:
        return max(1, round(self.viewers * self.probe_share)) if self.viewers else 0

    @property
    def guests(self) -> int:
        """The number of people who write messages. Each person sends a message every 2.5 s. The
        server allows one message every 1.5 s.
        """
        return math.ceil(self.chat * SECONDS_BETWEEN_MESSAGES)

    def weights(self, rooms: int) -> list[float]:
        """Returns the relative popularity of each room, in descending order."""
        return [1 / (place + 1) ** self.zipf for place in range(rooms)]


def shares(total: int, parts: int) -> list[int]:
    """Returns `parts` integers whose sum is `total` and which differ by at most 1."""
    return [total // parts + (index < total % parts) for index in range(parts)]
