"""Finds candidates by creator, tag, mood and id, so that a request touches only those that its
viewer knows. Pure.
"""

from collections import defaultdict
from collections.abc import Sequence

from server.feed.features import Candidate
from server.feed.kin import Kin


class Places:
    """The places of the candidates in their list."""

    def __init__(self, candidates: Sequence[Candidate], kin: Kin) -> None:
        self.tags_of = [kin.expand(item.tags) for item in candidates]
        """For each candidate: its tags and those that go with them, and how much each counts."""
        self.tags: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        """For each tag: places, and how much it counts there."""
        self.creators: defaultdict[str, list[int]] = defaultdict(list)
        self.moods: defaultdict[str, list[int]] = defaultdict(list)
        self.creator_of = [item.creator for item in candidates]
        self.items: dict[str, int] = {}
        for place, (item, tags) in enumerate(zip(candidates, self.tags_of, strict=True)):
            self.items[item.item] = place
            self.creators[item.creator].append(place)
            if item.mood:
                self.moods[item.mood].append(place)
            for tag, share in tags:
                self.tags[tag].append((place, share))
