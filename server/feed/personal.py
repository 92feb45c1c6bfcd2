"""The points of an item that depend on who watches. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import exp

from server.discovery.item import Reason
from server.feed.features import Candidate, Shown, Viewer
from server.feed.places import Places
from server.feed.reasons import WEIGHTS

SEEN_SECONDS = 1_500.0
"""Seconds after which the points of `seen` and `skipped` have fallen to a third."""


class Personal:
    """What one viewer likes, ready to be looked up."""

    def __init__(self, viewer: Viewer, now: float) -> None:
        self._viewer = viewer
        self._now = now
        self._tags = _times("tag", viewer.taste.tags())
        self._creators = _times("creator", viewer.taste.creators())
        self._hour = _times("hour", viewer.taste.moods(viewer.hour))

    def add_to(self, scores: list[float], places: Places) -> None:
        """Adds the points of this viewer to the scores of all candidates."""
        for tag, points in self._tags.items():
            for place, share in places.tags.get(tag, ()):
                scores[place] += share * points
        _add(scores, places.creators, self._creators)
        _add(scores, places.creators, dict.fromkeys(self._viewer.follows, WEIGHTS["follows"]))
        _add(scores, places.moods, self._hour)
        _add(scores, places.moods, {self._viewer.mood: WEIGHTS["mood"]})
        for item, shown in self._viewer.shown.items():
            if item in places.items:
                place = places.items[item]
                lately = _lately(shown, self._now)
                scores[place] += lately * (WEIGHTS["seen"] + WEIGHTS["skipped"] * shown.skipped)
                if places.creator_of[place] in self._viewer.follows:
                    scores[place] -= lately * WEIGHTS["follows"]

    def reasons(self, item: Candidate, tags: Iterable[tuple[str, float]]) -> Iterator[Reason]:
        """Yields the points of this viewer for one candidate. `tags`: as in Places."""
        shown = self._viewer.shown.get(item.item)
        lately = 0.0 if shown is None else _lately(shown, self._now)
        if item.creator in self._viewer.follows:
            yield Reason("follows", WEIGHTS["follows"] * (1 - lately))
        if item.creator in self._creators:
            yield Reason("creator", self._creators[item.creator])
        for tag, share in tags:
            if tag in self._tags:
                yield Reason("tag", share * self._tags[tag], tag)
        if item.mood and item.mood == self._viewer.mood:
            yield Reason("mood", WEIGHTS["mood"], item.mood)
        if item.mood in self._hour:
            yield Reason("hour", self._hour[item.mood], item.mood)
        if shown is not None:
            yield Reason("seen", WEIGHTS["seen"] * lately)
            yield Reason("skipped", WEIGHTS["skipped"] * lately * shown.skipped)


def _add(
    scores: list[float], places: Mapping[str, Sequence[int]], points: Mapping[str, float]
) -> None:
    if len(points) > len(places):
        points = {key: points[key] for key in places if key in points}
    for key, value in points.items():
        for place in places.get(key, ()):
            scores[place] += value


def _times(code: str, values: dict[str, float]) -> dict[str, float]:
    weight = WEIGHTS[code]
    return {key: weight * value for key, value in values.items()}


def _lately(shown: Shown, now: float) -> float:
    """Returns 1 for what the viewer has just seen, and less the longer ago it was."""
    return exp(min(0.0, shown.at - now) / SEEN_SECONDS)
