"""Counts what people do with an item so that few networks cannot pass for many people. Pure."""

APART = 600.0
"""Seconds after which the same person counts again for the same item."""
PER_NETWORK = 3
"""Maximum number of people of one network who count for an item within APART."""
MOST = 50_000
"""Maximum number of pairs of item and network that are kept. The oldest are forgotten."""

CREATORS = 2
"""Number of different creators with whom a person must have stayed before the person counts."""
MAX_PEOPLE = 50_000
"""Maximum number of people who are known. The person who stayed least recently is forgotten."""

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


class Audience:
    """The people who stay with several creators. A bot that stays with the creator who bought it,
    and with no other, never counts. About 15 MiB at most.
    """

    def __init__(self) -> None:
        self._creators: dict[str, tuple[str, ...]] = {}
        """Up to CREATORS creators with whom each person stayed."""

    def stayed(self, person: str, creator: str) -> None:
        """Keeps that a person stayed with a creator."""
        creators = self._creators.pop(person, ())
        if len(creators) < CREATORS and creator not in creators:
            creators = (*creators, creator)
        if len(self._creators) >= MAX_PEOPLE:
            del self._creators[next(iter(self._creators))]
        self._creators[person] = creators

    def counts(self, person: str) -> bool:
        """Whether the views of this person say something about an item."""
        return len(self._creators.get(person, ())) >= CREATORS

    def __len__(self) -> int:
        return len(self._creators)
