"""The parameters of a run. The command line creates them, and all other modules only read them."""

from dataclasses import dataclass
from pathlib import Path

from scripts.loadgen.conditions import Condition
from scripts.loadgen.playback_paths import PLAYBACK_PATHS, PlaybackPath
from scripts.loadgen.target import Target

MAX_VIEWERS = 10_000
MAX_CREATORS = 1_000
MAX_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Scenario:
    """The parameters of a run: the server, the viewers, the creators and the conditions."""

    name: str
    """Kind of the run: `viewers`, `creators` or `mixed`."""
    command: str
    """The command line as typed."""
    target: Target
    viewers: int
    creators: int
    """Number of creators that the generator runs."""
    workers: int
    """Number of processes for viewers, without the process of the probes, or for creators."""
    ramp: float
    """Seconds over which viewers and creators arrive."""
    seconds: float
    """Duration of the run after the ramp, seconds."""
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
    """Mean seconds for which a viewer stays in a room; 0: until the end."""
    stay: float
    """Mean seconds for which a creator stays; 0: until the end."""
    zipf: float
    """Exponent of Zipf's law for the audience per room; 0: all rooms are equally popular."""
    path: str
    """The playback path of the viewers: one of PLAYBACK_PATHS."""
    conditions: tuple[Condition, ...]
    folder: Path

    @property
    def playback_path(self) -> PlaybackPath:
        return PLAYBACK_PATHS[self.path]

    @property
    def probes(self) -> int:
        return max(1, round(self.viewers * self.probe_share)) if self.viewers else 0

    def weights(self, rooms: int) -> list[float]:
        """Returns the popularity of each room, the most popular room first."""
        return [1 / (place + 1) ** self.zipf for place in range(rooms)]


def shares(total: int, parts: int) -> list[int]:
    """Splits `total` into `parts` numbers that differ by at most one."""
    return [total // parts + (index < total % parts) for index in range(parts)]
