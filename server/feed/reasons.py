"""Why an item is shown: the reasons, and how many points each is worth. Pure."""

from dataclasses import dataclass

from server.discovery.item import Reason
from server.feed.features import Candidate

WEIGHTS = {
    "stays": 0.8,
    "people": 0.03,
    "coming": 0.03,
    "reactions": 0.5,
    "answers": 0.2,
    "fresh": 0.1,
    "clip": -0.4,
    "replay": -0.8,
    "explore": 0.1,
    "new": 5.0,
    "follows": 4.0,
    "tag": 1.0,
    "creator": 1.0,
    "mood": 0.5,
    "hour": 1.0,
    "seen": -2.5,
    "skipped": -1.0,
}
"""Points of each reason. Most are multiplied by how much of the reason there is."""
REASONS = frozenset(WEIGHTS)


@dataclass(frozen=True, slots=True)
class Ranked:
    item: Candidate
    score: float
    reasons: tuple[Reason, ...]
    """The strongest reason first. The weights sum up to the score. `detail` is the key of the tag
    for `tag`, the mood for `mood` and `hour`.
    """
