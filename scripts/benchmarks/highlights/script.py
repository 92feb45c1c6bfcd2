"""Writes scripted lives. The same seed always gives the same live.

A live has three to six known events. A quarter to six tenths of the viewers react to an event, each
after a delay of their own; some pages report a media time that is seconds too late; messages come
later than taps. The rest is noise: viewers who tap at any time, fans who tap all the time, waves of
greetings and farewells, songs, events that few people notice, and bots that tap together.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from scripts.benchmarks.highlights.live import Reaction, ScriptedLive

SPACING = 75
"""Minimum seconds between two known events."""
QUIET = 40
"""Minimum seconds between a known event, and a smaller event or an attack of bots."""
EDGE = 60
"""Minimum seconds between a known event, and the beginning or the end of the live."""
TAPS = (2, 6)
"""Minimum and maximum number of taps of a person in a second."""


@dataclass(frozen=True, slots=True)
class Viewer:
    person: str
    joins: float
    leaves: float
    bursts: float
    """Rate at which the viewer taps in bursts without any reason, bursts per second."""
    writes: float
    """Rate at which the viewer writes without any reason, messages per second."""
    late: float
    """Seconds by which the reported media time is too late."""

    def watches(self, at: float) -> bool:
        return self.joins <= at < self.leaves


def write_live(seed: int) -> ScriptedLive:
    """Returns the live of this seed."""
    return _Script(seed).write()


class _Script:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._chance = Random(seed)
        self._first = self._chance.randint(5, 60)
        self._seconds = self._chance.randint(900, 3_600)
        self._end = self._first + self._seconds
        self._arrivals: list[tuple[float, Reaction]] = []

    def write(self) -> ScriptedLive:
        crowd = self._crowd()
        events = self._times(self._chance.randint(3, 6), [], EDGE, SPACING)
        known = [event + self._chance.random() for event in events]
        songs = self._songs()
        for viewer in crowd:
            self._wander(viewer, songs)
            self._greet_and_leave(viewer)
        for event in known:
            self._happen(crowd, event, self._chance.uniform(0.25, 0.6))
        for event in self._times(self._chance.randint(4, 8), events, 10, QUIET):
            self._happen(crowd, event, self._chance.uniform(0.04, 0.1))
        self._attack(len(crowd), events)
        self._arrivals.sort(key=lambda arrival: arrival[0])
        return ScriptedLive(
            self._seed,
            self._first,
            self._seconds,
            self._keyframes(),
            tuple(sorted(known)),
            tuple(reaction for _, reaction in self._arrivals),
        )

    # Who watches

    def _crowd(self) -> list[Viewer]:
        number = round(math.exp(self._chance.uniform(math.log(40), math.log(800))))
        return [self._viewer(index) for index in range(number)]

    def _viewer(self, index: int) -> Viewer:
        chance = self._chance
        early = chance.random() < 0.5
        joins = self._first + chance.uniform(0, 60 if early else self._seconds * 0.8)
        leaves = min(joins + chance.expovariate(1 / self._seconds), self._end)
        fan = chance.random() < 0.02
        return Viewer(
            f"viewer {index}",
            joins,
            leaves,
            0.5 if fan else 1 / chance.lognormvariate(math.log(150), 0.7),
            1 / chance.uniform(60, 240) if chance.random() < 0.15 else 0.0,
            chance.uniform(2, 6) if chance.random() < 0.15 else 0.0,
        )

    # What viewers do without a known event

    def _wander(self, viewer: Viewer, songs: list[tuple[float, float]]) -> None:
        """Writes the reactions that have no reason. During a song, there are three times as many
        bursts.
        """
        for at in self._times_of(viewer, 3 * viewer.bursts):
            sings = any(begin <= at < end for begin, end in songs)
            if sings or self._chance.random() < 1 / 3:
                self._tap(viewer, at)
        for at in self._times_of(viewer, viewer.writes):
            self._say(viewer, at)

    def _times_of(self, viewer: Viewer, rate: float) -> Iterator[float]:
        """Yields times without any pattern, `rate` times a second, while the viewer watches."""
        at = viewer.joins
        while rate and (at := at + self._chance.expovariate(rate)) < viewer.leaves:
            yield at

    def _songs(self) -> list[tuple[float, float]]:
        begins = [
            self._chance.uniform(self._first, self._end) for _ in range(self._chance.randint(1, 3))
        ]
        return [(begin, begin + self._chance.uniform(60, 120)) for begin in begins]

    def _greet_and_leave(self, viewer: Viewer) -> None:
        chance = self._chance
        if chance.random() < 0.4:
            at = viewer.joins + chance.uniform(2, 25)
            if chance.random() < 0.5:
                self._say(viewer, at)
            else:
                self._tap(viewer, at)
        if viewer.leaves >= self._end and chance.random() < 0.25:
            self._tap(viewer, self._end - chance.uniform(0, 20))

    # What viewers react to

    def _happen(self, crowd: list[Viewer], event: float, share: float) -> None:
        """Lets a share of the viewers react to an event."""
        chance = self._chance
        for viewer in crowd:
            if not viewer.watches(event) or chance.random() >= share:
                continue
            if chance.random() < 0.9:
                self._tap(viewer, event + 0.4 + chance.lognormvariate(math.log(1.2), 0.6), 5)
            if chance.random() < 0.2:
                self._say(viewer, event + chance.uniform(3, 12))

    def _attack(self, crowd: int, events: list[int]) -> None:
        """Lets several bots tap within one second, a few times."""
        bots = min(40, max(4, round(crowd * self._chance.uniform(0.03, 0.08))))
        for at in self._times(self._chance.randint(2, 4), events, 10, QUIET):
            for bot in range(bots):
                when = at + self._chance.random()
                self._arrive(when, f"bot {bot}", self._chance.randint(5, 20))

    # Reactions

    def _tap(self, viewer: Viewer, at: float, longest: int = 3) -> None:
        for _ in range(self._chance.randint(1, longest)):
            self._arrive(at + viewer.late, viewer.person, self._chance.randint(*TAPS))
            at += 1

    def _say(self, viewer: Viewer, at: float) -> None:
        self._arrive(at + viewer.late, viewer.person, 0)

    def _arrive(self, at: float, person: str, taps: int) -> None:
        """Notes a reaction. The reaction reaches the server after a delay, sometimes a long one."""
        if not self._first <= at < self._end:
            return
        slow = self._chance.random() < 0.05
        delay = self._chance.uniform(1, 8) if slow else self._chance.uniform(0.1, 0.7)
        self._arrivals.append((at + delay, Reaction(int(at * 1_000_000), person, taps)))

    # Times

    def _times(self, number: int, others: list[int], edge: int, spacing: int) -> list[int]:
        """Draws seconds that are `spacing` apart from each other and from `others`."""
        times: list[int] = []
        while len(times) < number:
            at = self._chance.randint(self._first + edge, self._end - edge)
            if all(abs(at - other) >= spacing for other in (*times, *others)):
                times.append(at)
        return times

    def _keyframes(self) -> tuple[int, ...]:
        at = self._first * 1_000_000
        times = []
        while at < self._end * 1_000_000:
            times.append(at)
            at += self._chance.randint(1_000_000, 2_000_000)
        return tuple(times)
