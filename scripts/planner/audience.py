"""The audiences of the rooms, drawn from Zipf's law. Pure."""

import math
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

EXACT = 30.0
"""Expected audience up to which its Poisson distribution is drawn exactly; above, the normal
distribution is close enough.
"""


def draw_audiences(rooms: int, viewers: int, zipf: float, chance: Callable[[], float]) -> list[int]:
    """Returns the number of viewers of each room, the most popular first. Their sum is `viewers`.
    `chance` returns numbers from 0 to below 1.
    """
    weights = [place**-zipf for place in range(1, rooms + 1)]
    scale = viewers / math.fsum(weights)
    drawn = [_poisson(weight * scale, chance) for weight in weights]
    _correct(drawn, weights, viewers, chance)
    return drawn


def _poisson(expected: float, chance: Callable[[], float]) -> int:
    if expected > EXACT:
        radius = math.sqrt(-2 * math.log(1 - chance()))
        normal = radius * math.cos(2 * math.pi * chance())
        return max(0, round(expected + math.sqrt(expected) * normal))
    number, share = 0, math.exp(-expected)
    left = chance() - share
    while left >= 0 and share > 0:
        number += 1
        share *= expected / number
        left -= share
    return number


def _correct(
    drawn: list[int], weights: list[float], viewers: int, chance: Callable[[], float]
) -> None:
    """Adds viewers to rooms drawn by their weight, or removes some, until there are `viewers`."""
    wrong = viewers - sum(drawn)
    sums = list(accumulate(weights if wrong > 0 else drawn))
    step = 1 if wrong > 0 else -1
    while wrong:
        room = min(bisect_right(sums, chance() * sums[-1]), len(drawn) - 1)
        if drawn[room] + step >= 0:
            drawn[room] += step
            wrong -= step
