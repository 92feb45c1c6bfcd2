"""The simple orders, and the oracle, which knows what the viewers like."""

from collections.abc import Sequence
from random import Random

import numpy as np

from scripts.benchmarks.feed import constants as c
from scripts.benchmarks.feed.evening import Person, seen_before
from scripts.benchmarks.feed.live import Live
from scripts.benchmarks.feed.world import World


class _Simple:
    """An order that is the same for all viewers. A viewer sees first what is new to the viewer,
    and then again what the viewer saw the longest time ago.
    """

    page = c.PAGE

    def __init__(self, world: World) -> None:
        self._order: list[Live] = []

    def next(self, person: Person, now: float) -> Sequence[Live]:
        fresh = []
        for live in self._order:
            if live.index not in person.seen:
                fresh.append(live)
                if len(fresh) == self.page:
                    return fresh
        again = (live for live in self._order if live.index in person.seen)
        return fresh + sorted(again, key=lambda live: person.seen[live.index])

    def watched(self, person: Person, live: Live, seconds: float, now: float) -> None:
        pass

    def admit(self, live: int, network: str, person: str, now: float) -> bool:
        return True


class MostWatched(_Simple):
    def refresh(self, lives: Sequence[Live], now: float, swipes: float) -> None:
        self._order = sorted(lives, key=lambda live: (-live.viewers, live.index))


class Newest(_Simple):
    def refresh(self, lives: Sequence[Live], now: float, swipes: float) -> None:
        self._order = sorted(lives, key=lambda live: -live.plan.begins)


class Shuffled(_Simple):
    """The order *random*: another one for each viewer and each page."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._chance = Random(world.seed)

    def refresh(self, lives: Sequence[Live], now: float, swipes: float) -> None:
        self._order = list(lives)

    def next(self, person: Person, now: float) -> Sequence[Live]:
        self._chance.shuffle(self._order)
        return super().next(person, now)


class Oracle(_Simple):
    """Shows at each swipe what interests the viewer most at this moment. It knows the hidden
    interest, and the highlights while they happen.
    """

    page = 1

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._world = world
        self._place: dict[int, int] = {}

    def refresh(self, lives: Sequence[Live], now: float, swipes: float) -> None:
        self._order = list(lives)
        self._place = {live.index: place for place, live in enumerate(lives)}
        self._creators = np.array([live.plan.creator for live in lives], dtype=np.intp)
        self._boosts = np.array([live.boost for live in lives], dtype=np.float32)
        self._moods = self._world.in_mood[:, self._creators] + self._boosts

    def next(self, person: Person, now: float) -> Sequence[Live]:
        if not self._order:
            return []
        likes = self._world.interest[person.index, self._creators] + self._moods[person.mood]
        for index, (at, _) in person.seen.items():
            place = self._place.get(index)
            if place is not None:
                likes[place] -= seen_before(now - at)
        return [self._order[int(likes.argmax())]]
