"""What a viewer says once a second of how it plays (relay/PROTOCOL.md, `report`). Pure: whatever
came from the net in, bounded values out.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

PLAYERS = frozenset({"webcodecs", "mse", "hls", "whep"})
OTHER = "other"
"""The name of every player that is not ours: what viewers send must not become an endless list of
labels.
"""

MAX_DELAY = 600_000.0
"""ms; what is longer nobody measured."""
EARLY = -1_000.0
"""ms; clocks that are compared over a network are wrong by this much at most: what is shown so
early is told as shown at once.
"""
MAX_COUNT = 1_000_000


class Beacon(NamedTuple):
    """One report. None stands for what the viewer did not tell, or what nobody could believe."""

    player: str = OTHER
    playing: bool | None = None
    """Whether pictures come to its screen."""
    behind_lens: float | None = None
    """ms from the lens to the screen."""
    stalls: int | None = None
    """Times that it ran dry since the page was opened."""
    first_picture: float | None = None
    """ms from opening the page to the first picture."""


def read_beacon(report: Mapping[str, Any]) -> Beacon:
    """The beacon in a report. Never raises: a statistic that makes no sense or is out of range is
    left out, and the viewer goes on watching.
    """
    player, playing, stalls = (
        report.get("player"),
        report.get("playing"),
        _number(report.get("stalls"), 0, MAX_COUNT),
    )
    return Beacon(
        player=player if isinstance(player, str) and player in PLAYERS else OTHER,
        playing=playing if isinstance(playing, bool) else None,
        behind_lens=_number(report.get("behind_lens"), EARLY, MAX_DELAY),
        stalls=None if stalls is None else int(stalls),
        first_picture=_number(report.get("first_picture"), 0, MAX_DELAY),
    )


def _number(value: Any, least: float, most: float) -> float | None:
    # bool is an int in Python; NaN lies between no two numbers, and an int may have thousands of
    # digits.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return None
    return float(max(value, 0))
