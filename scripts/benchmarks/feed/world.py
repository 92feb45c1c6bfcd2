"""Who is there in a simulated evening, and what they like. The same seed gives the same world."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.feed import constants as c

Table = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Size:
    viewers: int = c.VIEWERS
    creators: int = c.CREATORS
    minutes: int = c.MINUTES


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of a viewer to the feed."""

    at: float
    """Second of the evening."""
    seconds: float
    """The time that the viewer has."""
    mood: int
    """Index of the chosen mood, or -1."""


@dataclass(frozen=True, slots=True)
class PlannedLive:
    creator: int
    begins: float
    """Second of the evening. Negative if the live runs when the evening begins."""
    ends: float
    moments: tuple[tuple[float, float], ...]
    """Begin and end of each highlight."""


@dataclass(frozen=True, slots=True)
class Creator:
    """What the public knows of a creator, and the audience that comes without the feed."""

    tags: tuple[str, ...]
    mood: str
    """Empty if the creator did not choose one."""
    audience: int
    answering: float
    """From 0 (answers never) to 1 (answers everyone)."""
    newcomer: bool


@dataclass(frozen=True, slots=True)
class World:
    seed: int
    size: Size
    creators: tuple[Creator, ...]
    lives: tuple[PlannedLive, ...]
    """In the order in which they begin."""
    visits: tuple[tuple[Visit, ...], ...]
    """The visits of each viewer."""
    follows: tuple[frozenset[int], ...]
    """The creators whom each viewer follows at the beginning."""
    interest: Table
    """Hidden: how interesting each creator (column) is to each viewer (row)."""
    in_mood: Table
    """Hidden: what a chosen mood (row) adds for each creator (column). The last row is for visits
    without a mood.
    """


def make_world(seed: int, size: Size | None = None) -> World:
    """Returns the world of this seed."""
    return _Maker(seed, size or Size()).make()


class _Maker:
    def __init__(self, seed: int, size: Size) -> None:
        self._seed = seed
        self._size = size
        self._chance = np.random.default_rng(seed)

    def make(self) -> World:
        mixes, moods = self._topics()
        quality = self._chance.normal(0, c.QUALITY, self._size.creators)
        creators = self._creators(mixes, moods, quality)
        answering = np.array([creator.answering for creator in creators])
        interest = self._tastes() @ mixes.T * c.TASTE
        interest += self._chance.normal(0, c.CHEMISTRY, interest.shape)
        interest += quality + c.ANSWERING * (answering - answering.mean())
        return World(
            self._seed,
            self._size,
            creators,
            self._lives(),
            tuple(self._visits() for _ in range(self._size.viewers)),
            self._follows(interest),
            interest.astype(np.float32),
            _in_mood(moods),
        )

    # Creators

    def _topics(self) -> tuple[NDArray[np.float64], list[int]]:
        """Returns the share of each topic in the lives of each creator, and each creator's mood."""
        chance = self._chance
        weights = np.arange(1, c.TOPICS + 1) ** -c.POPULAR
        mood_of = chance.integers(0, len(c.MOODS), c.TOPICS)
        mixes = np.zeros((self._size.creators, c.TOPICS))
        for mix in mixes:
            number = chance.integers(c.TOPICS_PER_CREATOR[0], c.TOPICS_PER_CREATOR[1] + 1)
            topics = chance.choice(c.TOPICS, number, replace=False, p=weights / weights.sum())
            mix[topics] = chance.dirichlet(np.full(number, 2.0))
        return mixes, [int(mood_of[mix.argmax()]) for mix in mixes]

    def _creators(
        self, mixes: NDArray[np.float64], moods: list[int], quality: NDArray[np.float64]
    ) -> tuple[Creator, ...]:
        chance = self._chance
        made = []
        for mix, mood, value in zip(mixes, moods, quality, strict=True):
            newcomer = bool(chance.random() < c.NEWCOMERS)
            fame = c.FAME * value / c.QUALITY + np.sqrt(1 - c.FAME**2) * chance.normal()
            audience = 0 if newcomer else round(c.AUDIENCE[0] * np.exp(c.AUDIENCE[1] * fame))
            public = c.MOODS[mood] if chance.random() < c.MOOD_PUBLIC else ""
            made.append(
                Creator(self._tags(mix), public, audience, float(chance.beta(1, 2)), newcomer)
            )
        return tuple(made)

    def _tags(self, mix: NDArray[np.float64]) -> tuple[str, ...]:
        chance = self._chance
        tags: set[str] = set()
        while len(tags) < c.TAGS_PER_LIVE:
            kind = chance.random()
            if c.TAG_OWN <= kind < c.TAG_OWN + c.TAG_GENERIC:
                tags.add(f"any{chance.integers(c.GENERIC_TAGS)}")
                continue
            topic = chance.choice(c.TOPICS, p=mix if kind < c.TAG_OWN else None)
            tags.add(f"topic{topic}{'abcdefgh'[chance.integers(c.TAGS_PER_TOPIC)]}")
        return tuple(sorted(tags))

    # Lives

    def _lives(self) -> tuple[PlannedLive, ...]:
        """Each creator goes live at random times. The time before the evening is included, so that
        the evening begins with as many lives as it has later.
        """
        chance, evening = self._chance, self._size.minutes * 60.0
        before = c.MINUTES * 60.0
        apart = c.MINUTES * 60.0 / c.LIVES
        lives = []
        for creator in range(self._size.creators):
            at = -before + chance.exponential(apart) * chance.random()
            while at < evening:
                ends = at + 60 * c.LIVE_MINUTES[0] * chance.lognormal(0, c.LIVE_MINUTES[1])
                if ends > 0:
                    lives.append(PlannedLive(creator, at, ends, self._moments(at, ends)))
                at = ends + chance.exponential(apart - 60 * c.LIVE_MINUTES[0])
        return tuple(sorted(lives, key=lambda live: live.begins))

    def _moments(self, at: float, ends: float) -> tuple[tuple[float, float], ...]:
        moments = []
        while (at := at + self._chance.exponential(c.MOMENT_EVERY)) < ends:
            moments.append((at, at := at + self._chance.uniform(*c.MOMENT_SECONDS)))
        return tuple(moments)

    # Viewers

    def _tastes(self) -> NDArray[np.float64]:
        """Returns how much each viewer likes each topic, from -1 to 1. A viewer likes popular
        topics more often.
        """
        chance = self._chance
        weights = np.arange(1, c.TOPICS + 1) ** -c.POPULAR
        weights /= weights.sum()
        tastes = np.full((self._size.viewers, c.TOPICS), -0.1)
        for taste in tastes:
            number = int(chance.integers(c.LIKED[0], c.LIKED[1] + 1))
            liked = chance.choice(c.TOPICS, number, replace=False, p=weights)
            taste[chance.choice(c.TOPICS, c.DISLIKED, replace=False)] = -1.0
            taste[liked] = chance.uniform(0.6, 1.0, number)
        return tastes

    def _visits(self) -> tuple[Visit, ...]:
        chance, evening = self._chance, self._size.minutes * 60.0
        number = int(chance.integers(c.VISITS[0], c.VISITS[1] + 1))
        # A shorter evening has fewer visits.
        number = max(1, round(number * self._size.minutes / c.MINUTES))
        return tuple(
            Visit(
                float(at),
                float(60 * c.VISIT_MINUTES[0] * chance.lognormal(0, c.VISIT_MINUTES[1])),
                int(chance.integers(len(c.MOODS))) if chance.random() < c.MOOD_CHOSEN else -1,
            )
            for at in np.sort(chance.uniform(0, evening, number))
        )

    def _follows(self, interest: NDArray[np.float64]) -> tuple[frozenset[int], ...]:
        """A viewer follows some of the twenty creators whom the viewer likes best."""
        chance = self._chance
        best = min(20, self._size.creators)
        top = np.argpartition(-interest, best - 1, axis=1)[:, :best]
        return tuple(
            frozenset(
                chance.choice(
                    row,
                    chance.integers(c.FOLLOWS[0], min(c.FOLLOWS[1], best) + 1),
                    replace=False,
                ).tolist()
            )
            for row in top
        )


def _in_mood(moods: list[int]) -> Table:
    table: Any = np.zeros((len(c.MOODS) + 1, len(moods)), np.float32)
    for chosen in range(len(c.MOODS)):
        table[chosen] = [c.MOOD_MATCH if mood == chosen else c.MOOD_MISS for mood in moods]
    return table  # type: ignore[no-any-return]
