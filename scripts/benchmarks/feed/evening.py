"""Lets the viewers of a world watch what an order shows them, and counts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from random import Random
from typing import Protocol

from scripts.benchmarks.feed import constants as c
from scripts.benchmarks.feed.bots import Bots
from scripts.benchmarks.feed.live import Live
from scripts.benchmarks.feed.world import Visit, World

BINS = 600.0
"""Seconds of one bin of the figures over time."""
_MINUTE = int(60 / c.REFRESH)


@dataclass(slots=True)
class Person:
    """A viewer, with what the server knows: follows, mood, and what the feed has shown."""

    index: int
    follows: set[int]
    mood: int = -1
    seen: dict[int, tuple[float, float]] = field(default_factory=dict)
    """For each live: when the person saw it last, and for how many seconds."""
    queue: list[Live] = field(default_factory=list)
    visits: int = 0
    """Number of visits that have begun."""
    leaves: float = -1.0
    """When the time for this visit ends; negative between two visits."""
    skips: int = 0
    """Skips in a row."""
    watches: Live | None = None


class Order(Protocol):
    """A way to order the feed."""

    page: int
    """Items that it returns at once."""

    def refresh(self, lives: Sequence[Live], now: float, swipes: float) -> None:
        """Learns the current counts. `swipes`: swipes of all viewers in the last minute."""

    def next(self, person: Person, now: float) -> Sequence[Live]:
        """Returns the next items for this person. Must not be empty while there are lives."""

    def watched(self, person: Person, live: Live, seconds: float, now: float) -> None:
        """Learns that the person saw the live for so many seconds."""

    def admit(self, live: int, network: str, person: str, now: float) -> bool:
        """Whether the server counts what this person does with this live."""


@dataclass(slots=True)
class Outcome:
    """What happened in an evening. Bots are not in these figures."""

    seconds: float = 0.0
    """Seconds that all viewers watched."""
    impressions: int = 0
    skips: int = 0
    over_time: list[float] = field(default_factory=list)
    """Seconds watched in each bin of the evening."""
    of_live: dict[int, int] = field(default_factory=dict)
    """Impressions of each live."""
    first_minute: dict[int, int] = field(default_factory=dict)
    """Impressions within the first minute of each live that began in the evening."""
    first: dict[int, int] = field(default_factory=dict)
    """The second within the live at which it had its twentieth impression."""
    bins: dict[tuple[int, int], int] = field(default_factory=dict)
    """Impressions of each live (second number) in each bin (first number)."""


class Evening:
    """One evening with one order. `until`: the second at which it stops."""

    def __init__(
        self, world: World, order: Order, bots: Bots | None = None, until: float | None = None
    ) -> None:
        self._world = world
        self._order = order
        self._bots = bots
        self._end = world.size.minutes * 60.0 if until is None else until
        self._chance = Random(world.seed)
        self._lives: dict[int, Live] = {}
        self._coming = list(reversed(list(enumerate(world.lives))))
        self._people = [Person(index, set(follows)) for index, follows in enumerate(world.follows)]
        self._refresh_at = 0.0
        self._swipes = [0]
        self.outcome = Outcome(over_time=[0.0] * math.ceil(self._end / BINS))

    def run(self) -> Outcome:
        times = [(visits[0].at, index) for index, visits in enumerate(self._world.visits)]
        heapify(times)
        while times:
            now, index = heappop(times)
            if now >= self._end:
                break
            while self._refresh_at <= now:
                self._refresh(self._refresh_at)
                self._refresh_at += c.REFRESH
            then = self._step(self._people[index], now)
            if then is not None:
                heappush(times, (then, index))
        return self.outcome

    # Lives

    def _refresh(self, now: float) -> None:
        """Begins and ends lives, and counts again."""
        while self._coming and self._coming[-1][1].begins <= now:
            index, plan = self._coming.pop()
            creator = self._world.creators[plan.creator]
            self._lives[index] = Live(index, plan, creator.tags, creator.mood)
        for live in list(self._lives.values()):
            if live.plan.ends <= now:
                del self._lives[live.index]
            else:
                self._count(live, now)
        if self._bots is not None:
            self._bots.act(self._lives, self._order.admit, now)
        self._order.refresh(list(self._lives.values()), now, sum(self._swipes))
        self._swipes = [*self._swipes[-_MINUTE + 1 :], 0]

    def _count(self, live: Live, now: float) -> None:
        """Counts the people at a live: those of the feed, and the creator's own audience."""
        chance = self._chance
        creator = self._world.creators[live.plan.creator]
        moment = any(begin <= now < end for begin, end in live.plan.moments)
        live.boost = c.MOMENT if moment else 0.0
        age = now - live.plan.begins
        own = creator.audience * (1 - math.exp(-age / c.AUDIENCE_RAMP))
        live.viewers = live.watching + round(own)
        ramp = creator.audience * math.exp(-age / c.AUDIENCE_RAMP) * 60 / c.AUDIENCE_RAMP
        live.arrivals = sum(live.came) + _poisson(chance, ramp + own * c.AUDIENCE_CHURN)
        live.came = [*live.came[-_MINUTE + 1 :], 0]
        react = c.REACT_MOMENT if moment else c.REACT_QUIET
        live.reactors = min(live.viewers, _poisson(chance, live.viewers * react))
        live.answers = _poisson(chance, c.ANSWERS * creator.answering) if live.viewers else 0

    # Viewers

    def _step(self, person: Person, now: float) -> float | None:
        """Lets a viewer do the next thing. Returns when the one after it comes, or None if the
        viewer does not come back.
        """
        self._leave(person)
        visits = self._world.visits[person.index]
        if person.leaves < 0:
            self._arrive(person, visits[person.visits], now)
        if now >= person.leaves:
            return self._go(person, visits, now)
        live = self._next(person, now)
        if live is None:
            return now + 5.0
        seconds = self._watch(person, live, now)
        then = now + seconds + c.SWIPE
        if seconds >= c.ASK_AGAIN:
            person.queue = []
        if self._bored(person, seconds):
            person.leaves = then
        return then

    def _arrive(self, person: Person, visit: Visit, now: float) -> None:
        person.leaves = now + visit.seconds
        person.mood = visit.mood
        person.visits += 1
        person.skips = 0

    def _go(self, person: Person, visits: tuple[Visit, ...], now: float) -> float | None:
        """Ends a visit. A viewer comes back after a minute at the earliest."""
        person.leaves = -1.0
        person.queue = []
        if person.visits == len(visits):
            return None
        return max(now + 60.0, visits[person.visits].at)

    def _leave(self, person: Person) -> None:
        if person.watches is not None:
            person.watches.watching -= 1
            person.watches = None

    def _next(self, person: Person, now: float) -> Live | None:
        """Returns the next item that still runs."""
        for _ in range(2):
            while person.queue:
                live = person.queue.pop(0)
                if live.plan.ends > now:
                    return live
            person.queue = list(self._order.next(person, now))[: self._order.page]
        return None

    def _watch(self, person: Person, live: Live, now: float) -> float:
        """Shows the live to the viewer. Returns for how many seconds the viewer watches it."""
        chance, creator = self._chance, live.plan.creator
        likes = self._interest(person, live, now)
        if chance.random() < 1 / (1 + math.exp(c.SKIP_SLOPE * likes - c.SKIP_BIAS)):
            seconds = chance.uniform(0.3, c.SKIP)
        else:
            seconds = c.SKIP + chance.expovariate(1) * c.STAY * math.exp(c.STAY_SLOPE * likes)
        seconds = min(seconds, live.plan.ends - now, person.leaves - now)
        if seconds >= c.FOLLOW_AFTER and chance.random() < c.FOLLOW_CHANCE:
            person.follows.add(creator)
        person.seen[live.index] = (now + seconds, seconds)
        person.watches = live
        live.watching += 1
        live.came[-1] += 1
        self._note(person, live, seconds, now)
        self._order.watched(person, live, seconds, now)
        return seconds

    def _interest(self, person: Person, live: Live, now: float) -> float:
        creator = live.plan.creator
        likes = self._world.interest.item(person.index, creator) + live.boost
        if person.mood >= 0:
            likes += self._world.in_mood.item(person.mood, creator)
        if live.index in person.seen:
            likes -= seen_before(now - person.seen[live.index][0])
        return float(likes)

    def _bored(self, person: Person, seconds: float) -> bool:
        """Whether the viewer leaves the feed after this item."""
        if seconds >= c.SKIP:
            person.skips = 0
            return self._chance.random() < c.DONE
        person.skips += 1
        return self._chance.random() < min(c.BORED_MOST, c.BORED * person.skips**2)

    def _note(self, person: Person, live: Live, seconds: float, now: float) -> None:
        """Counts an impression: in the outcome, and, if the server counts it, at the live."""
        outcome = self.outcome
        outcome.impressions += 1
        outcome.seconds += seconds
        outcome.skips += seconds < c.SKIP
        self._swipes[-1] += 1
        place = int(now / BINS)
        outcome.over_time[place] += seconds
        outcome.bins[place, live.index] = outcome.bins.get((place, live.index), 0) + 1
        shown = outcome.of_live.get(live.index, 0) + 1
        outcome.of_live[live.index] = shown
        age = now - live.plan.begins
        if live.plan.begins >= 0:
            outcome.first_minute[live.index] = outcome.first_minute.get(live.index, 0) + (age < 60)
            if shown == 20:
                outcome.first[live.index] = int(age)
        name = str(person.index)
        if self._order.admit(live.index, name, name, now):
            live.impressions += 1
            live.stays += seconds >= 8
            live.skips += seconds < c.SKIP
            live.seconds += seconds


def seen_before(ago: float) -> float:
    """Returns how much less interesting a live is that the viewer watched `ago` seconds ago."""
    return c.SEEN * math.exp(-ago / c.SEEN_SECONDS)


def _poisson(chance: Random, mean: float) -> int:
    """Draws from a Poisson distribution; from a normal one if the mean is large."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, product, drawn = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        drawn += 1
    return drawn
