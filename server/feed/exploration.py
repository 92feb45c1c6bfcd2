"""Shows items of which little is known: Thompson sampling, and the first impressions of new lives.
Pure.

Thompson sampling: the share of viewers who stay with an item is uncertain. Its distribution is a
Beta distribution; here its log odds, which are nearly normal. For each request, a value is drawn
from it. An item that few people saw is sometimes drawn high, is shown, and becomes known.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import log, sqrt
from statistics import NormalDist

from server.feed.chance import Chance
from server.feed.features import Candidate

FIRST = 20
"""Impressions that each new live gets at once."""
WITHIN = 60.0
"""Seconds within which it gets them, if there are enough swipes."""
AIM = 35.0
"""Seconds within which the feed tries to show them. The rest is for counts that arrive late."""
SWIPES_PER_LIVE = 40.0
"""With fewer swipes for each new live, new lives share SCARCE_SHARE of all impressions evenly."""
SCARCE_SHARE = 1 / 3
MOST_SHARE = 0.6
"""Maximum share of impressions for new lives if there are enough swipes."""
URGENT = 25.0
"""Age in seconds from which a new live that still lacks impressions is shown to anyone. Before, it
is shown to viewers of whose taste nothing speaks against it.
"""
PRIOR = 8.0
"""How many views like those of all items together are assumed for an item."""
_DRAWS = 4_096


def _shuffled_normals() -> tuple[float, ...]:
    """Returns the quantiles of a standard normal distribution in a random order."""
    normal, chance = NormalDist(), Chance(21)
    values = [normal.inv_cdf((place + 0.5) / _DRAWS) for place in range(_DRAWS)]
    for place in range(_DRAWS - 1, 0, -1):
        other = chance.below(place + 1)
        values[place], values[other] = values[other], values[place]
    return tuple(values)


NORMAL = _shuffled_normals()
"""Values of a standard normal distribution. A request reads them from a place of its own, which is
many times faster than drawing them.
"""
_TWICE = NORMAL * 2


def normals(chance: Chance, number: int) -> Sequence[float]:
    """Returns so many values of a standard normal distribution. Beyond _DRAWS they repeat."""
    place = chance.below(_DRAWS)
    values = _TWICE if number <= _DRAWS else NORMAL * (2 + number // _DRAWS)
    return values[place : place + number]


def stay_odds(stays: float, skips: float, usual: float) -> tuple[float, float]:
    """Returns mean and standard deviation of the log odds that a viewer stays. `usual`: the share
    of viewers who stay, among all items.
    """
    for_it = stays + PRIOR * usual
    against = skips + PRIOR * (1 - usual)
    return log(for_it / against), sqrt(1 / for_it + 1 / against)


class Newcomers:
    """The new lives of one moment: those that do not have FIRST impressions yet."""

    def __init__(self, candidates: Sequence[Candidate], now: float, swipes: float | None) -> None:
        self.lives = [
            place
            for place, candidate in enumerate(candidates)
            if candidate.kind == "live" and candidate.impressions < FIRST
        ]
        """Places of the new lives in `candidates`."""
        begun = sum(
            candidate.kind == "live" and now - candidate.began < WITHIN for candidate in candidates
        )
        self.scarce = swipes is None or swipes < SWIPES_PER_LIVE * begun
        if self.scarce:
            least = min((candidates[place].impressions for place in self.lives), default=0)
            self._needs = {
                place: float(candidates[place].impressions == least) for place in self.lives
            }
            self.share = SCARCE_SHARE if self.lives else 0.0
            self._urgent = set(self.lives)
        else:
            self._urgent = {place for place in self.lives if now - candidates[place].began > URGENT}
            self._needs = {place: _need(candidates[place], now) for place in self.lives}
            self.share = min(MOST_SHARE, sum(self._needs.values()) / max(swipes or 0.0, 1.0) * 60)

    def suiting(self, scores: Sequence[float], before: Sequence[float]) -> list[int]:
        """Returns the places of the new lives for one viewer: those of which the viewer's taste
        says nothing bad, and those that must be shown soon. `scores`: with the points of this
        viewer. `before`: without.
        """
        return [
            place for place in self.lives if place in self._urgent or scores[place] >= before[place]
        ]

    def pick(self, chance: Chance, allowed: Sequence[int]) -> int | None:
        """Returns the place of a new live for the next item, or None if the next item is another
        one. `allowed`: the places of the new lives that this viewer may see now.
        """
        if not allowed or chance.random() >= self.share:
            return None
        needs = [self._needs[place] for place in allowed]
        if not any(needs):
            # Those that need it most are not for this viewer.
            return allowed[chance.below(len(allowed))]
        sums = list(accumulate(needs))
        return allowed[min(bisect_right(sums, chance.random() * sums[-1]), len(allowed) - 1)]


def _need(candidate: Candidate, now: float) -> float:
    """Returns how many impressions a second a new live needs."""
    left = max(5.0, AIM - (now - candidate.began))
    return (FIRST + 2 - candidate.impressions) / left
