"""Compares the orders on the worlds of several seeds."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from scripts.benchmarks.feed import constants as c
from scripts.benchmarks.feed.bots import Bots, bought
from scripts.benchmarks.feed.evening import BINS, Evening, Order, Outcome
from scripts.benchmarks.feed.orders import MostWatched, Newest, Oracle, Shuffled
from scripts.benchmarks.feed.ours import Ours
from scripts.benchmarks.feed.world import Size, World, make_world
from scripts.benchmarks.figures import Bar, percentile

ORDERS: dict[str, Callable[[World], Order]] = {
    "ours": Ours,
    "most watched": MostWatched,
    "newest": Newest,
    "random": Shuffled,
    "oracle": Oracle,
}
FIRST = 20
"""Impressions that each new live must get in its first minute (issue)."""
SCARCE = 50
"""One viewer in so many is there in the evening in which swipes are scarce."""
BOT_NETWORKS = (c.BOTS, 1)
"""Numbers of addresses of the bots (issue)."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one order did in one evening."""

    minutes: float
    """Minutes watched in a visit."""
    impressions: int
    skips: float
    """Share of impressions that were skipped."""
    late: int
    """New lives that did not get FIRST impressions in their first minute."""
    lives: int
    """New lives that lasted for a minute and more."""
    newcomers: float
    """Share of impressions for creators without an audience of their own."""
    over_time: tuple[float, ...]
    """Hours watched in each bin."""
    by_live: tuple[int, ...]
    """Impressions of the lives, the fewest first."""


@dataclass(frozen=True, slots=True)
class Seed:
    seed: int
    results: dict[str, Result]
    """By name of the order."""
    gains: dict[int, float]
    """By number of addresses: how much more of all impressions in ten minutes the creator of the
    bots got than without them.
    """
    scarce: float
    """Share of impressions for new lives if swipes are scarce."""

    def ratio(self, other: str) -> float:
        return self.results["ours"].minutes / self.results[other].minutes


@dataclass(frozen=True, slots=True)
class Report:
    seeds: tuple[Seed, ...]

    @property
    def bars(self) -> list[Bar]:
        watched = sorted(seed.ratio("most watched") for seed in self.seeds)
        oracle = sorted(seed.ratio("oracle") for seed in self.seeds)
        scarce = sorted(seed.scarce for seed in self.seeds)
        late = sum(seed.results["ours"].late for seed in self.seeds)
        return [
            Bar("watch time / most watched, median", percentile(watched, 0.5), 1.3, "", least=True),
            Bar("watch time / most watched, worst", percentile(watched, 0), 1.1, "", least=True),
            Bar("watch time / oracle, median", percentile(oracle, 0.5), 0.8, "", least=True),
            Bar("watch time / oracle, worst", percentile(oracle, 0), 0.7, "", least=True),
            Bar("new lives without 20 impressions in their first minute", late, 0, ""),
            Bar("impressions of new lives if swipes are scarce, least", scarce[0], 0.3, "", True),
            Bar("impressions of new lives if swipes are scarce, most", scarce[-1], 0.36, ""),
            *(
                Bar(
                    f"impressions gained by {c.BOTS} bots of {networks} addresses, most",
                    max(100 * seed.gains[networks] for seed in self.seeds),
                    2.0,
                    "%",
                )
                for networks in BOT_NETWORKS
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "seeds": [
                {
                    "seed": seed.seed,
                    "orders": {
                        name: {
                            "minutes": round(result.minutes, 3),
                            "impressions": result.impressions,
                            "skips": round(result.skips, 3),
                            "late": result.late,
                            "lives": result.lives,
                            "newcomers": round(result.newcomers, 4),
                        }
                        for name, result in seed.results.items()
                    },
                    "gains": {str(key): round(gain, 5) for key, gain in seed.gains.items()},
                    "scarce": round(seed.scarce, 3),
                }
                for seed in self.seeds
            ],
            "bars": [bar.as_json() for bar in self.bars],
        }


def evaluate(
    seeds: Sequence[int], size: Size, orders: Iterable[str] = ORDERS, processes: int = 1
) -> Report:
    """Runs the evenings of each seed, in so many processes."""
    run = partial(_seed, size=size, orders=tuple(orders))
    if processes == 1:
        return Report(tuple(map(run, seeds)))
    with ProcessPoolExecutor(processes) as pool:
        return Report(tuple(pool.map(run, seeds)))


def _seed(seed: int, size: Size, orders: Sequence[str]) -> Seed:
    world = make_world(seed, size)
    outcomes = {name: Evening(world, ORDERS[name](world)).run() for name in orders}
    live = bought(world)
    share = _share(outcomes["ours"], live)
    until = (c.BOTS_BEGIN + c.BOTS_MINUTES) * 60
    gains = {}
    for networks in BOT_NETWORKS:
        evening = Evening(world, Ours(world), Bots(live, networks, seed=seed), until)
        gains[networks] = _share(evening.run(), live) - share
    results = {name: _result(world, outcome) for name, outcome in outcomes.items()}
    return Seed(seed, results, gains, _scarce(seed, size))


def _share(outcome: Outcome, live: int) -> float:
    """Returns the share of all impressions that a live got while the bots were there."""
    place = int(c.BOTS_BEGIN * 60 / BINS)
    shown = {key[1]: number for key, number in outcome.bins.items() if key[0] == place}
    return shown.get(live, 0) / max(1, sum(shown.values()))


def _scarce(seed: int, size: Size) -> float:
    """Returns the share of impressions of new lives in an evening with few viewers."""
    few = make_world(seed, Size(max(1, size.viewers // SCARCE), size.creators, size.minutes))
    order = Ours(few)
    Evening(few, order).run()
    return order.shown_as_new / max(1, order.shown)


def _result(world: World, outcome: Outcome) -> Result:
    evening = world.size.minutes * 60
    counted = [
        index
        for index, live in enumerate(world.lives)
        # Few viewers are there in the first minutes.
        if live.begins >= 600 and live.begins + 60 <= min(live.ends, evening)
    ]
    first = [outcome.first_minute.get(index, 0) for index in counted]
    newcomers = sum(
        number
        for index, number in outcome.of_live.items()
        if world.creators[world.lives[index].creator].newcomer
    )
    return Result(
        outcome.seconds / 60 / sum(len(visits) for visits in world.visits),
        outcome.impressions,
        outcome.skips / max(1, outcome.impressions),
        sum(number < FIRST for number in first),
        len(first),
        newcomers / max(1, outcome.impressions),
        tuple(seconds / 3_600 for seconds in outcome.over_time),
        tuple(sorted(outcome.of_live.get(index, 0) for index in counted)),
    )


def typical(report: Report, order: str) -> Result:
    """Returns the result of the seed whose watch time is in the middle."""
    results = [seed.results[order] for seed in report.seeds]
    middle = median(result.minutes for result in results)
    return min(results, key=lambda result: abs(result.minutes - middle))
