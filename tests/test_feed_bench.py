"""The simulated evening on which orders of the feed are compared."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer

from scripts.benchmarks.commands.feed import feed
from scripts.benchmarks.feed import constants as c
from scripts.benchmarks.feed.bots import Bots, bought
from scripts.benchmarks.feed.evaluation import Report, Result, Seed
from scripts.benchmarks.feed.evening import Evening, Person
from scripts.benchmarks.feed.live import Live
from scripts.benchmarks.feed.orders import MostWatched, Newest, Oracle, Shuffled
from scripts.benchmarks.feed.ours import Ours
from scripts.benchmarks.feed.world import Size, World, make_world

SMALL = Size(viewers=300, creators=100, minutes=80)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(1, SMALL)


def test_the_same_seed_gives_the_same_world(world: World) -> None:
    again, other = make_world(1, SMALL), make_world(2, SMALL)
    assert (again.creators, again.lives, again.visits, again.follows) == (
        *(world.creators, world.lives, world.visits, world.follows),
    )
    assert np.array_equal(again.interest, world.interest)
    assert other.lives != world.lives


def test_creators_come_and_go(world: World) -> None:
    running = [
        sum(live.begins <= 60 * minute < live.ends for live in world.lives)
        for minute in range(0, SMALL.minutes, 10)
    ]
    assert all(10 <= number <= 40 for number in running)
    assert any(live.begins > 0 for live in world.lives)
    assert any(live.ends < 60 * SMALL.minutes for live in world.lives)


def test_the_same_evening_happens_again(world: World) -> None:
    first, again = (Evening(world, Ours(world), until=1_200).run() for _ in range(2))
    assert first == again


def test_an_evening_counts_what_happened(world: World) -> None:
    outcome = Evening(world, Newest(world)).run()
    assert sum(outcome.of_live.values()) == outcome.impressions == sum(outcome.bins.values())
    assert sum(outcome.over_time) == pytest.approx(outcome.seconds)
    assert 0 < outcome.skips < outcome.impressions
    for index, first in outcome.first_minute.items():
        assert first <= outcome.of_live[index]


def test_the_oracle_keeps_viewers_longest(world: World) -> None:
    seconds = {
        order: Evening(world, order(world)).run().seconds
        for order in (MostWatched, Newest, Shuffled, Oracle)
    }
    assert max(seconds, key=seconds.__getitem__) is Oracle


def test_ours_is_better_than_the_simple_orders() -> None:
    # Enough viewers for few creators: new lives do not share a third of all impressions.
    busy = make_world(1, Size(viewers=1_200, creators=60, minutes=80))
    ours = Evening(busy, Ours(busy), until=3_000).run().seconds
    for order in (MostWatched, Newest, Shuffled):
        assert ours > Evening(busy, order(busy), until=3_000).run().seconds


class _Naive(MostWatched):
    """Counts everyone."""


def test_bots_lift_a_live_where_everyone_counts(world: World) -> None:
    live = bought(world)
    until = (c.BOTS_BEGIN + c.BOTS_MINUTES) * 60

    def share(bots: Bots | None) -> float:
        outcome = Evening(world, _Naive(world), bots, until).run()
        shown = {key[1]: number for key, number in outcome.bins.items() if key[0] == 6}
        return shown.get(live, 0) / sum(shown.values())

    assert share(Bots(live, c.BOTS)) > share(None) + 0.02


class _Counting(Newest):
    """Keeps the counts of one live."""

    def __init__(self, world: World, live: int) -> None:
        super().__init__(world)
        self._live = live
        self.most = 0

    def refresh(self, lives: Sequence[Live], now: float, swipes: float) -> None:
        super().refresh(lives, now, swipes)
        found = [live.viewers for live in lives if live.index == self._live]
        self.most = max([self.most, *found])

    def admit(self, live: int, network: str, person: str, now: float) -> bool:
        return network != "network 0"


def test_bots_that_do_not_count_do_nothing(world: World) -> None:
    live = bought(world)
    plain, attacked = _Counting(world, live), _Counting(world, live)
    Evening(world, plain).run()
    Evening(world, attacked, Bots(live, 1)).run()
    assert attacked.most < plain.most + 100
    crowded = _Counting(world, live)
    Evening(world, crowded, Bots(live, c.BOTS)).run()
    assert crowded.most > 900


def test_a_person_is_shown_only_lives_that_run(world: World) -> None:
    class Checked(Newest):
        def watched(self, person: Person, live: Live, seconds: float, now: float) -> None:
            assert live.plan.begins <= now < live.plan.ends
            assert seconds >= 0

    Evening(world, Checked(world)).run()


RESULT = Result(8.0, 1_000, 0.2, 0, 50, 0.1, (1.0,), (1, 2))
GOOD = Seed(
    11,
    {"ours": RESULT, "most watched": replace(RESULT, minutes=5.0), "oracle": RESULT},
    {c.BOTS: 0.01, 1: 0.0},
    0.33,
)


def test_the_bars_are_those_of_the_task() -> None:
    assert all(bar.kept for bar in Report((GOOD,)).bars)
    worse = {
        "watch time / most watched, median": {"most watched": replace(RESULT, minutes=7.0)},
        "watch time / oracle, median": {"oracle": replace(RESULT, minutes=10.5)},
        "new lives without 20 impressions in their first minute": {"ours": replace(RESULT, late=1)},
    }
    for name, changed in worse.items():
        seed = replace(GOOD, results={**GOOD.results, **changed})
        missed = [bar.name for bar in Report((seed,)).bars if not bar.kept]
        assert name in missed
    bars = Report((replace(GOOD, gains={c.BOTS: 0.03, 1: 0.03}),)).bars
    assert sum(not bar.kept for bar in bars) == 2


@pytest.mark.parametrize("seeds", ["", "x", "5-1", "1-1000", "-3"])
def test_wrong_seeds_are_refused(seeds: str) -> None:
    with pytest.raises(typer.Exit):
        feed(seeds)


def test_the_command_reports_and_plots_each_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):  # So small an evening misses the bars.
        feed("1", viewers=60, creators=20, minutes=80, plots=tmp_path, as_json=True)
    (seed,) = json.loads(capsys.readouterr().out)["seeds"]
    assert set(seed["orders"]) == {"ours", "most watched", "newest", "random", "oracle"}
    assert set(seed["gains"]) == {"1000", "1"}
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"watch-time.svg", "over-time.svg", "exposure.svg"}
    assert all("<svg" in path.read_text() for path in tmp_path.iterdir())
