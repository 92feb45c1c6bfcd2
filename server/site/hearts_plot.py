"""Plots how many hearts each moment of a live got, as an SVG shape. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 120
"""Size of the plot, in units of its viewBox."""
MAX_POINTS = 120
"""Maximum number of points. With more points, the distance between two points would be less than a
pixel of a phone.
"""


@dataclass(frozen=True, slots=True)
class HeartsPlot:
    line: str
    """Path of the line (SVG 2 §9.3)."""
    area: str
    """Path of the area below the line."""
    most_at: int
    """Time from the beginning of the live to the period with the most hearts, seconds."""


def hearts_plot(counts: Sequence[int], step: int) -> HeartsPlot | None:
    """Returns the plot of `counts`, the number of hearts in each period of `step` seconds. Returns
    None if there are no hearts.
    """
    most = max(counts, default=0)
    if most == 0:
        return None
    joined = -(-len(counts) // MAX_POINTS)
    heights = [sum(counts[begin : begin + joined]) for begin in range(0, len(counts), joined)]
    heights = [heights[0], *heights, heights[-1]]  # the line begins and ends at the edges
    top, last = max(heights), len(heights) - 2
    points = [
        (
            min(max((index - 0.5) * WIDTH / last, 0), WIDTH),
            HEIGHT - 2 - (HEIGHT - 6) * height / top,
        )
        for index, height in enumerate(heights)
    ]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return HeartsPlot(line, f"{line}V{HEIGHT}H0Z", counts.index(most) * step)


def clock(seconds: int) -> str:
    """Returns a duration as hours, minutes and seconds, such as 1:02:03 or 3:20."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
