"""Counts the viewers of one live: the present number, the highest number, and the distinct people.
Pure.

A page has one connection to the channel, with or without media. A person with several connections
counts once, and so does a person who reconnects. Of the players without a page (WHEP, HLS),
only the number is known. A page may also play from WHEP or HLS: its connection then has no media.
"""

from collections import Counter
from dataclasses import dataclass

from server.social.distinct import EXACT, DistinctPeople


@dataclass(frozen=True, slots=True)
class Watching:
    """The figures of presence."""

    viewers: int
    """Number of people who watch now."""
    peak: int
    """The highest number of people who watched at one time."""
    people: int
    """Number of distinct people who have watched the live."""


class Presence:
    """The viewers of one live."""

    def __init__(self, peak: int = 0, people: int = 0, exact: int = EXACT) -> None:
        """`peak`, `people`: the stored figures, after a restart of the server. The stored people
        are not added to the people who join after the restart, because most people are in both
        groups.
        """
        self._connections: dict[int, tuple[str | None, bool]] = {}
        """The person of each connection and whether the connection carries media, by number of the
        connection.
        """
        self._with_media: Counter[str] = Counter()
        self._without_media: Counter[str] = Counter()
        self._nameless = 0
        """Number of connections with media and without a person."""
        self._nameless_ever = 0
        self._peak = peak
        self._known_people = people
        self._people = DistinctPeople(exact)

    def join(self, viewer: int, person: str | None, media: bool) -> bool:
        """Adds a connection. Returns whether a person has joined the live for the first time."""
        self._connections[viewer] = person, media
        if person is None:
            self._nameless += media
            self._nameless_ever = max(self._nameless_ever, self._nameless)
            return False
        (self._with_media if media else self._without_media)[person] += 1
        return self._people.add(person)

    def leave(self, viewer: int) -> None:
        """Removes a connection. Does nothing if the connection is unknown."""
        person, media = self._connections.pop(viewer, (None, False))
        if person is None:
            self._nameless -= media
            return
        people = self._with_media if media else self._without_media
        people[person] -= 1
        if not people[person]:
            del people[person]

    def measure(self, others: int, *, on_air: bool = True) -> Watching:
        """Returns the figures. `others`: number of viewers that get their media from WHEP and HLS.
        `on_air`: whether the present number may become the peak.
        """
        aside = len(self._without_media.keys() - self._with_media.keys())
        viewers = len(self._with_media) + self._nameless + max(aside, others)
        if on_air:
            self._peak = max(self._peak, viewers)
        people = max(self._people.number + self._nameless_ever, self._known_people)
        return Watching(viewers, self._peak, max(people, self._peak))
