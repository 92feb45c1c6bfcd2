"""Counts what people do with an item so that few networks cannot pass for many people. Pure."""

APART = 600.0
"""Seconds after which the same person counts again for the same item."""
PER_NETWORK = 3
"""Maximum number of people of one network who count for an item within APART."""
MOST = 50_000
"""Maximum number of pairs of item and network that are kept. The oldest are forgotten."""

_Seen = tuple[tuple[str, float], ...]
"""People, and when they counted last."""


class Witnesses:
    """The people who counted lately, for all items of one kind of act: about 15 MiB at most.

    The kinds of acts (a view of the feed, a reaction, an arrival) have a Witnesses each.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}
        """By item and network. The pair that counted last is at the end."""

    def admit(self, item: str, network: str, person: str, now: float) -> bool:
        """Whether an act of this person counts for the item. If so, it is kept: the same person
        counts again after APART, and at most PER_NETWORK people of a network count within APART.
        """
        key = item, network
        lately = tuple(seen for seen in self._seen.get(key, ()) if now - seen[1] < APART)
        if len(lately) >= PER_NETWORK or any(seen[0] == person for seen in lately):
            return False
        self._seen.pop(key, None)
        if len(self._seen) >= MOST:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = (*lately, (person, now))
        return True

    def __len__(self) -> int:
        return len(self._seen)
