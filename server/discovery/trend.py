"""Which tags trend: those that more creators use now than usually. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

RECENT_HOURS = 3
"""The uses of the last hours are compared with the tag's own past."""
PRIOR = 1.0
"""Creators in RECENT_HOURS that count as usual for every tag, so that the first use of a new tag is
no trend.
"""


@dataclass(frozen=True, slots=True)
class Use:
    """How much a tag is used."""

    tag: str
    recent: int
    """Creators who used the tag within the last RECENT_HOURS."""
    past: int
    """Creators of each hour before that, summed."""
    past_hours: int
    """Hours over which `past` was summed."""

    @property
    def uses(self) -> int:
        return self.recent + self.past


@dataclass(frozen=True, slots=True)
class Trend:
    tag: str
    uses: int
    velocity: float
    """Recent uses, divided by the uses that are usual for this tag in so many hours."""


def trending(uses: Iterable[Use], most: int) -> list[Trend]:
    """Returns the tags with the highest velocity. While few tags are in use now, the tags that were
    used most follow.
    """
    trends = [Trend(use.tag, use.uses, velocity(use)) for use in uses if use.uses > 0]
    trends.sort(key=lambda trend: (-trend.velocity, -trend.uses, trend.tag))
    return trends[:most]


def velocity(use: Use) -> float:
    usual = use.past * RECENT_HOURS / max(use.past_hours, 1)
    return use.recent / (usual + PRIOR)
