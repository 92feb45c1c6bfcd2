"""Bots that a creator has bought: they watch one live, react to it, and report views."""

from collections.abc import Callable, Mapping
from random import Random

from scripts.benchmarks.feed import constants as c
from scripts.benchmarks.feed.live import Live
from scripts.benchmarks.feed.world import World

Admit = Callable[[int, str, str, float], bool]
"""Whether the server counts what a person does: live, network, person, time."""


class Bots:
    """`networks`: the number of addresses that the bots share. `live`: the live of their creator.

    Every BOT_EVERY seconds a bot reports a stay of a minute at its live, and a skip of another
    one.
    """

    def __init__(self, live: int, networks: int, number: int = c.BOTS, seed: int = 0) -> None:
        self.live = live
        self._names = [(f"bot {index}", f"network {index % networks}") for index in range(number)]
        self._chance = Random(seed)
        self._watch: int | None = None

    def act(self, lives: Mapping[int, Live], admit: Admit, now: float) -> None:
        """Adds what the bots did since the last call."""
        begin = c.BOTS_BEGIN * 60
        mine = lives.get(self.live)
        if mine is None or not begin <= now < begin + c.BOTS_MINUTES * 60:
            return
        others = [live for live in lives.values() if live is not mine]
        watch = self._watching(admit, now)
        mine.viewers += watch
        mine.reactors += watch
        if now - begin < 60:
            mine.arrivals += watch
        for name, network in self._names:
            if self._chance.random() < c.REFRESH / c.BOT_EVERY:
                _report(mine, True, admit, network, name, now)
                if others:
                    _report(self._chance.choice(others), False, admit, network, name, now)

    def _watching(self, admit: Admit, now: float) -> int:
        """Returns how many of the bots count as people who watch."""
        if self._watch is None:
            # An id of its own: that a bot watches and that it reports a view are two acts.
            self._watch = sum(admit(-1, network, name, now) for name, network in self._names)
        return self._watch


def bought(world: World) -> int:
    """Returns the live whose creator buys bots: of those that run from 5 minutes before the bots
    come until they go, the one that viewers like as much as half of the others.
    """
    begin, end = c.BOTS_BEGIN * 60 - 300, (c.BOTS_BEGIN + c.BOTS_MINUTES) * 60
    liked = world.interest.mean(axis=0)
    running = [
        (float(liked[live.creator]), index)
        for index, live in enumerate(world.lives)
        if live.begins <= begin and live.ends >= end
    ]
    return sorted(running)[len(running) // 2][1]


def _report(live: Live, stay: bool, admit: Admit, network: str, name: str, now: float) -> None:
    if admit(live.index, network, name, now):
        live.impressions += 1
        live.stays += stay
        live.skips += not stay
        live.seconds += 60.0 if stay else 1.0
