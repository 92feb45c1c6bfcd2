"""The order of the feed, with reasons. Pure. RANKING.md explains it to viewers.

The score of an item is a sum of points, one addend for each reason (reasons.py). Some addends are
the same for all viewers (common.py); a Pool computes them once for many requests. The others depend
on the viewer (personal.py). One addend is drawn at random (exploration.py), and new lives are put
between the others.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from math import inf

from server.discovery.item import Reason
from server.feed.chance import Chance
from server.feed.common import Common
from server.feed.exploration import Newcomers, normals
from server.feed.features import Candidate, Viewer
from server.feed.kin import Kin
from server.feed.personal import Personal
from server.feed.places import Places
from server.feed.reasons import WEIGHTS, Ranked

CREATOR_APART = 5
"""A creator comes at most once in so many items, if there are enough others."""
TIRED_SECONDS = 30.0
"""Seconds for which a viewer who has skipped an item gets no new live."""
OTHER_SHARE = 0.2
"""Probability that the next item is a clip or a replay, whatever lives there are."""
_LEAST = 1e-9
"""A reason with fewer points is no reason."""


@dataclass(slots=True)
class _Lanes:
    """Places from which the next item is taken; the best first."""

    best: list[int]
    other: list[int]
    """Clips and replays."""
    new: list[int] = field(default_factory=list)
    """New lives, in no order."""

    def remove(self, place: int) -> None:
        for lane in (self.best, self.other, self.new):
            if place in lane:
                lane.remove(place)


class Pool:
    """The candidates of about one second, prepared for many viewers. Make a new one each second or
    so, and call `rank` for each request.

    `swipes`: swipes per minute of all viewers, or None if unknown. It decides how soon new lives
    get their first impressions (exploration.py). `kin`: which tags go together; without it, the
    candidates' own tags say so. `places` and `common`, those of the candidates, may be made before,
    so that other tasks run in between.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        now: float,
        swipes: float | None = None,
        kin: Kin | None = None,
        *,
        places: Places | None = None,
        common: Common | None = None,
    ) -> None:
        self._candidates = candidates
        self._now = now
        if places is None:
            kin = kin or Kin((item.creator, item.tags) for item in candidates)
            places = Places(candidates, kin)
        self._places = places
        self._other = [place for place, item in enumerate(candidates) if item.kind != "live"]
        self._common = common or Common(candidates, now)
        self._newcomers = Newcomers(candidates, now, swipes)

    def rank(
        self, viewer: Viewer, seed: int, limit: int = 10, without: Iterable[str] = ()
    ) -> list[Ranked]:
        """Returns the next items for this viewer. Omits hidden creators, and the items `without`
        (ids). The same arguments give the same order.
        """
        chance = Chance(seed)
        personal = Personal(viewer, self._now)
        points, doubts = self._common.points, self._common.doubts
        draws = normals(chance, len(points))
        scores = [
            point + doubt * draw for point, doubt, draw in zip(points, doubts, draws, strict=True)
        ]
        before = scores[:]
        personal.add_to(scores, self._places)
        hidden = {
            place for creator in viewer.hidden for place in self._places.creators.get(creator, ())
        }
        items = self._places.items
        hidden.update(items[item] for item in without if item in items)
        lanes = self._lanes(scores, hidden, limit)
        if not tired(viewer, self._now):
            lanes.new = [
                place
                for place in self._newcomers.suiting(scores, before)
                if place not in hidden and self._candidates[place].item not in viewer.shown
            ]
        chosen = self._compose(lanes, chance, limit)
        return [
            self._explain(place, new, doubts[place] * draws[place], personal)
            for place, new in chosen
        ]

    def _lanes(self, scores: list[float], hidden: set[int], limit: int) -> _Lanes:
        """Returns the lanes without the new lives. The hidden places lose their scores."""
        for place in hidden:
            scores[place] = -inf
        value = scores.__getitem__
        best = nlargest(limit * 4 + 8, range(len(scores)), key=value)
        other = nlargest(limit + 8, self._other, key=value)
        return _Lanes(*([place for place in lane if place not in hidden] for lane in (best, other)))

    def _compose(self, lanes: _Lanes, chance: Chance, limit: int) -> list[tuple[int, bool]]:
        """Returns the places of the items, and whether each is there because it is new."""
        chosen: list[tuple[int, bool]] = []
        while len(chosen) < limit and lanes.best:
            near = {self._candidates[place].creator for place, _ in chosen[1 - CREATOR_APART :]}
            new = self._newcomers.pick(chance, list(self._apart(lanes.new, near)))
            place = self._first(lanes, near, chance) if new is None else new
            chosen.append((place, new is not None))
            lanes.remove(place)
        return chosen

    def _first(self, lanes: _Lanes, near: set[str], chance: Chance) -> int:
        """Returns the best item whose creator is not near, or the best if all creators are."""
        other = next(self._apart(lanes.other, near), None)
        if other is not None and chance.random() < OTHER_SHARE:
            return other
        return next(self._apart(lanes.best, near), lanes.best[0])

    def _apart(self, lane: Sequence[int], near: set[str]) -> Iterator[int]:
        """Yields the places whose creators are not near."""
        return (place for place in lane if self._candidates[place].creator not in near)

    def _explain(self, place: int, new: bool, draw: float, personal: Personal) -> Ranked:
        item = self._candidates[place]
        reasons = [
            *self._common.reasons(place),
            *personal.reasons(item, self._places.tags_of[place]),
            Reason("explore", draw),
            Reason("new", WEIGHTS["new"] if new else 0.0),
        ]
        return Ranked(item, sum(reason.weight for reason in reasons), _strongest(reasons))


def tired(viewer: Viewer, now: float) -> bool:
    """Whether the viewer has just skipped an item. The next item should then be a safe one: who
    skips several items in a row leaves.
    """
    last = max(viewer.shown.values(), key=lambda shown: shown.at, default=None)
    return last is not None and last.skipped and now - last.at < TIRED_SECONDS


def _strongest(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    found = (reason for reason in reasons if abs(reason.weight) > _LEAST)
    return tuple(sorted(found, key=lambda reason: -abs(reason.weight)))


def rank(
    candidates: Sequence[Candidate],
    viewer: Viewer,
    now: float,
    seed: int,
    *,
    swipes: float | None = None,
    limit: int = 10,
) -> list[Ranked]:
    """Ranks the candidates for one viewer. A server that ranks often keeps a Pool."""
    return Pool(candidates, now, swipes).rank(viewer, seed, limit)
