"""The points of an item that are the same for all viewers. Pure."""

from collections.abc import Iterator, Sequence
from math import exp, log, log1p

from server.discovery.item import Reason
from server.feed.exploration import stay_odds
from server.feed.features import Candidate
from server.feed.reasons import WEIGHTS

BEST_SHARE = 0.03
"""What people do counts at most as at the last item of this share of the best items, at least as at
the second best. Bots can lift an item so far, and no further. The same holds for the worst items.
"""
FRESH_SECONDS = {"live": 1_800.0, "clip": 2 * 86_400.0, "replay": 2 * 86_400.0}
"""Seconds after which the points of `fresh` have fallen to a third."""
MOST_ANSWERS = 6
"""More answers in 5 minutes count as so many."""


class Common:
    """The points of the candidates of one moment."""

    def __init__(self, candidates: Sequence[Candidate], now: float) -> None:
        usual = usual_stay(candidates)
        odds = [stay_odds(item.stays, item.skips, usual) for item in candidates]
        zero = log(usual / (1 - usual))
        self._columns = {
            "stays": _robust([mean - zero for mean, _ in odds]),
            "people": _robust([log1p(item.viewers) for item in candidates]),
            "coming": _robust([log1p(item.arrivals) for item in candidates]),
            "reactions": [_reactions(item) for item in candidates],
            "answers": [min(item.answers, MOST_ANSWERS) / MOST_ANSWERS for item in candidates],
            "fresh": [_freshness(item, now) for item in candidates],
            "clip": [float(item.kind == "clip") for item in candidates],
            "replay": [float(item.kind == "replay") for item in candidates],
        }
        self.points = [0.0] * len(candidates)
        """The sum of the points of each candidate."""
        for code, column in self._columns.items():
            weight = WEIGHTS[code]
            self.points = [
                points + weight * value for points, value in zip(self.points, column, strict=True)
            ]
        self.doubts = [WEIGHTS["explore"] * deviation for _, deviation in odds]
        """How far a draw of each candidate's quality usually is from the mean, in points."""

    def reasons(self, place: int) -> Iterator[Reason]:
        """Yields the parts of the points of a candidate."""
        for code, column in self._columns.items():
            yield Reason(code, WEIGHTS[code] * column[place])


def usual_stay(candidates: Sequence[Candidate]) -> float:
    """Returns the share of stays among all views that are stays or skips."""
    stays = sum(item.stays for item in candidates) + 5
    return stays / (stays + sum(item.skips for item in candidates) + 5)


def _reactions(item: Candidate) -> float:
    """Returns by how much more people react now than usually at this item, as a logarithm from 0 to
    2. Constant reactions, such as those of bots, are usual.
    """
    if not item.reactors:
        return 0.0
    return min(2.0, max(0.0, log((item.reactors + 1) / (item.usual_reactors + 1))))


def _freshness(item: Candidate, now: float) -> float:
    return exp(min(0.0, item.began - now) / FRESH_SECONDS[item.kind])


def _robust(values: Sequence[float]) -> list[float]:
    """Limits the values as BEST_SHARE says."""
    ordered = sorted(values)
    rank = max(2, round(BEST_SHARE * len(values)))
    if len(values) < 2 * rank:
        # Too few to say what is unusual.
        return ordered[len(values) // 2 :][:1] * len(values)
    least, most = ordered[rank - 1], ordered[-rank]
    return [least if value < least else most if value > most else value for value in values]
