"""Measures what people do in one live at present: the people who watch, react and join, and the
people to whom the creator replies. Pure; `now` in seconds of a clock that never goes back.

Only a few people of each network count, so that one computer cannot pass for a crowd.
"""

from collections import Counter
from dataclasses import dataclass, field

from server.social.usual_reactions import UsualReactions

REACTED_WITHIN = 30.0
"""Age up to which a reaction counts, seconds."""
JOINED_WITHIN = 60.0
"""Age up to which a join counts, seconds."""
REPLIED_WITHIN = 300.0
"""Age up to which a reply of the creator counts, seconds."""
PER_NETWORK = 3
"""Maximum number of people of one network who count."""
MAX_PEOPLE = 10_000
"""Maximum number of people whose latest reaction, join or reply is kept. Further people do not
count.
"""


@dataclass(frozen=True, slots=True)
class Activity:
    """What people do in a live at present."""

    watching: int = 0
    """Number of distinct people who watch."""
    reacting: int = 0
    """Number of distinct people who reacted within the last 30 s."""
    joined: int = 0
    """Number of people who joined for the first time within the last minute."""
    replied: int = 0
    """Number of distinct people to whom the creator replied within the last 5 minutes."""
    usual: float = field(default=0.0, compare=False)
    """How many people usually react (usual_reactions.py)."""

    @property
    def reactors_per_minute(self) -> float:
        return self.reacting * 60.0 / REACTED_WITHIN


class RecentActivity:
    """Keeps the people who watch one live, and the times of their latest actions."""

    def __init__(self) -> None:
        self._watching = _Connected()
        self._reacting = _LatestPeople(REACTED_WITHIN)
        self._joined = _LatestPeople(JOINED_WITHIN)
        self._replied = _LatestPeople(REPLIED_WITHIN)
        self._usual = UsualReactions()
        self._measured_at = float("inf")

    def connect(self, viewer: int, person: str | None, network: str) -> None:
        """Counts a connection of a person; None for a program. `network`: the network of the
        person's address, or empty.
        """
        self._watching.add(viewer, person, network)

    def disconnect(self, viewer: int) -> None:
        self._watching.remove(viewer)

    def react(self, person: str, now: float) -> None:
        """Counts a tap or a message of a person who watches."""
        network = self._watching.network_of(person)
        if network is not None:
            self._reacting.add(person, network, now)

    def join(self, person: str, network: str, now: float) -> None:
        """Counts a person who has joined for the first time."""
        self._joined.add(person, network, now)

    def reply(self, person: str, now: float) -> None:
        """Counts a reply of the creator to a person who watches."""
        network = self._watching.network_of(person)
        if network is not None:
            self._replied.add(person, network, now)

    def forget(self, person: str) -> None:
        """Removes the times of a deleted person."""
        for latest in (self._reacting, self._joined, self._replied):
            latest.remove(person)

    def measure(self, now: float) -> Activity:
        watching, reacting = self._watching.number, self._reacting.count(now)
        self._usual.learn(reacting, watching, max(0.0, now - self._measured_at))
        self._measured_at = now
        return Activity(
            watching,
            reacting,
            self._joined.count(now),
            self._replied.count(now),
            self._usual.number,
        )


class _FewOfNetwork:
    """Counts people, at most PER_NETWORK of each network."""

    def __init__(self) -> None:
        self.number = 0
        self._networks: Counter[str] = Counter()

    def add(self, network: str) -> None:
        self.number += self._networks[network] < PER_NETWORK
        self._networks[network] += 1

    def remove(self, network: str) -> None:
        self._networks[network] -= 1
        self.number -= self._networks[network] < PER_NETWORK
        if not self._networks[network]:
            del self._networks[network]


class _Connected:
    """The people who watch. A person with several connections counts once."""

    def __init__(self) -> None:
        self._connections: dict[int, str] = {}
        self._people: dict[str, tuple[int, str]] = {}
        """The number of connections and the network of each person."""
        self._counted = _FewOfNetwork()

    @property
    def number(self) -> int:
        return self._counted.number

    def network_of(self, person: str) -> str | None:
        """Returns the network of a person; None if the person does not watch."""
        known = self._people.get(person)
        return known[1] if known else None

    def add(self, viewer: int, person: str | None, network: str) -> None:
        self.remove(viewer)
        person = f"viewer {viewer}" if person is None else person
        self._connections[viewer] = person
        connections, network = self._people.get(person, (0, network))
        self._people[person] = connections + 1, network
        if not connections:
            self._counted.add(network)

    def remove(self, viewer: int) -> None:
        person = self._connections.pop(viewer, None)
        if person is None:
            return
        connections, network = self._people.pop(person)
        if connections > 1:
            self._people[person] = connections - 1, network
        else:
            self._counted.remove(network)


class _LatestPeople:
    """The people who did something within the last `within` seconds."""

    def __init__(self, within: float) -> None:
        self._within = within
        self._people: dict[str, tuple[float, str]] = {}
        """The latest time and the network of each person. The latest time is at the end."""
        self._counted = _FewOfNetwork()

    def add(self, person: str, network: str, now: float) -> None:
        self.remove(person)
        if len(self._people) >= MAX_PEOPLE:
            self._drop_old(now)
            if len(self._people) >= MAX_PEOPLE:
                return
        self._people[person] = now, network
        self._counted.add(network)

    def remove(self, person: str) -> None:
        _, network = self._people.pop(person, (0.0, None))
        if network is not None:
            self._counted.remove(network)

    def count(self, now: float) -> int:
        self._drop_old(now)
        return self._counted.number

    def _drop_old(self, now: float) -> None:
        old = []
        for person, (at, _) in self._people.items():
            if at > now - self._within:
                break
            old.append(person)
        for person in old:
            self.remove(person)
