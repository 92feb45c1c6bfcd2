"""A viewer's playback report, sent once a second (relay/PROTOCOL.md, `report`). Pure: takes any
JSON object, returns values within bounds.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

PLAYERS = frozenset({"webcodecs", "mse", "hls", "whep"})
OTHER = "other"
"""Name under which all unknown players are counted. Otherwise viewers could create an unlimited
number of metric labels.
"""

MAX_DELAY = 600_000.0
"""Maximum delay in a report, ms. A longer delay is ignored."""
MIN_DELAY = -1_000.0
"""Minimum delay in a report, ms. Clocks compared over a network differ by up to 1 s, so the delay
of a viewer can be negative. A delay from this value to 0 counts as 0; a lower delay is ignored.
"""
MAX_COUNT = 1_000_000


class Beacon(NamedTuple):
    """One report of a viewer. A field is None if the report has no valid figure for the field."""

    player: str = OTHER
    playing: bool | None = None
    """Whether frames have reached the screen since the last report."""
    behind_lens: float | None = None
    """Delay from camera to screen, ms."""
    stalls: int | None = None
    """Number of stalls since the page was opened."""
    first_picture: float | None = None
    """Time from opening the page to the first frame, ms."""


def read_beacon(report: Mapping[str, Any]) -> Beacon:
    """Reads a viewer's report. Omits invalid figures instead of raising an error, so that the
    viewer stays connected.
    """
    player, playing = report.get("player"), report.get("playing")
    stalls = _number(report.get("stalls"), 0, MAX_COUNT)
    return Beacon(
        player=player if isinstance(player, str) and player in PLAYERS else OTHER,
        playing=playing if isinstance(playing, bool) else None,
        behind_lens=_number(report.get("behind_lens"), MIN_DELAY, MAX_DELAY),
        stalls=None if stalls is None else int(stalls),
        first_picture=_number(report.get("first_picture"), 0, MAX_DELAY),
    )


def _number(value: Any, least: float, most: float) -> float | None:
    # A bool is also an int, so it is rejected first. The range check rejects NaN and huge integers.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        return None
    return float(max(value, 0))
