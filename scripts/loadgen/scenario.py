"""What a run is made of: how many of whom, where, for how long. Built by the command line, read by
everything else.
"""

from dataclasses import dataclass
from pathlib import Path

from scripts.loadgen.conditions import Condition
from scripts.loadgen.target import Target
from scripts.loadgen.ways import WAYS, Way

MAX_VIEWERS = 10_000
MAX_CREATORS = 1_000
MAX_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who comes to a server."""

    name: str
    """`viewers`, `creators` or `mixed`."""
    command: str
    """As it was typed."""
    target: Target
    viewers: int
    creators: int
    """Of our own."""
    workers: int
    """Processes of viewers, besides the probes', and of creators."""
    ramp: float
    """Seconds over which they come."""
    seconds: float
    """Seconds after that."""
    probe_share: float
    room: str | None
    key: str | None
    token: str | None
    insecure: bool
    kbps: int
    fps: int
    size: tuple[int, int]
    slow_share: float
    slow_bps: int
    rude_share: float
    swipe: float
    """Mean seconds a viewer stays in a room; 0: for ever."""
    stay: float
    """Mean seconds a creator stays; 0: for ever."""
    zipf: float
    """Exponent of the audience's shape over rooms; 0: all alike."""
    path: str
    """On which viewers watch: one of WAYS."""
    conditions: tuple[Condition, ...]
    folder: Path

    @property
    def way(self) -> Way:
        return WAYS[self.path]

    @property
    def probes(self) -> int:
        return max(1, round(self.viewers * self.probe_share)) if self.viewers else 0

    def weights(self, rooms: int) -> list[float]:
        """How much each room is wanted, the most wanted first."""
        return [1 / (place + 1) ** self.zipf for place in range(rooms)]


def shares(total: int, parts: int) -> list[int]:
    """`total` in `parts` that differ by one at most."""
    return [total // parts + (index < total % parts) for index in range(parts)]
