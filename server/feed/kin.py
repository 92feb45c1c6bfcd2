"""Which tags go together: creators use them for the same things. Pure.

A viewer who stays with #ramen may stay with #cooking too, if many creators use both. Only public
tags are compared, nothing that viewers do.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from math import sqrt

LEAST = 0.12
"""Minimum similarity of two tags that go together."""
MOST = 4
"""Maximum number of tags that go with a tag."""
SHARE = 0.7
"""How much a tag that only goes with an item's tags counts, if the similarity is 1."""
MAX_EXPANDED = 5_000
"""Maximum number of results that are kept for the next time."""
MAX_TAGS = 8
"""Maximum number of tags of an item that count."""


class Kin:
    """The tags that go together, from the tags of many items. `items`: creator and tags. A creator
    counts once for each pair of tags.
    """

    def __init__(self, items: Iterable[tuple[str, Sequence[str]]] = ()) -> None:
        used: set[tuple[str, str]] = set()
        together: set[tuple[str, str, str]] = set()
        creators: set[str] = set()
        for creator, tags in items:
            creators.add(creator)
            own = sorted(tags[:MAX_TAGS])
            used.update((tag, creator) for tag in own)
            together.update((*pair, creator) for pair in combinations(own, 2))
        counts = Counter(tag for tag, _ in used)
        near: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
        for (one, other), number in Counter(pair[:2] for pair in together).items():
            # The number by which the pair is more frequent than by chance.
            more = number - counts[one] * counts[other] / len(creators)
            similar = more / (sqrt(counts[one] * counts[other]) + 1)
            if similar >= LEAST:
                near[one].append((similar, other))
                near[other].append((similar, one))
        self._expanded: dict[tuple[str, ...], tuple[tuple[str, float], ...]] = {}
        self._near = {tag: sorted(found, reverse=True)[:MOST] for tag, found in near.items()}

    def expand(self, tags: Sequence[str]) -> tuple[tuple[str, float], ...]:
        """Returns the tags of an item with weight 1, and the tags that go with them with less."""
        own = tuple(tags[:MAX_TAGS])
        if own not in self._expanded:
            if len(self._expanded) >= MAX_EXPANDED:
                self._expanded.clear()
            self._expanded[own] = tuple(self._weights(own).items())
        return self._expanded[own]

    def _weights(self, own: tuple[str, ...]) -> dict[str, float]:
        weights = dict.fromkeys(own, 1.0)
        for tag in own:
            for similar, other in self._near.get(tag, ()):
                if other not in own:
                    weights[other] = max(weights.get(other, 0.0), SHARE * similar)
        return weights
