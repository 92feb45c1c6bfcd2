"""Thompson sampling, and the first impressions of new lives."""

from collections import Counter
from math import log
from statistics import mean, stdev

import pytest

from server.feed.chance import Chance
from server.feed.exploration import (
    FIRST,
    NORMAL,
    SCARCE_SHARE,
    SWIPES_PER_LIVE,
    Newcomers,
    normals,
    stay_odds,
)
from server.feed.features import Candidate
from tests.server.feed.candidates import NOW, live


def _new(number: int, age: float = 10, impressions: int = 0) -> Candidate:
    return live(number, began=NOW - age, impressions=impressions, stays=0, skips=0)


def test_the_normal_values_are_normal() -> None:
    assert mean(NORMAL) == pytest.approx(0, abs=0.05)
    assert stdev(NORMAL) == pytest.approx(1, abs=0.05)
    assert normals(Chance(1), 50) == normals(Chance(1), 50)
    assert normals(Chance(1), 50) != normals(Chance(2), 50)


def test_what_many_people_saw_is_less_uncertain() -> None:
    few, many = stay_odds(1, 1, 0.4), stay_odds(400, 600, 0.4)
    assert few[1] > 5 * many[1]
    assert many[0] == pytest.approx(log(0.4 / 0.6), abs=0.01)
    # Little is known: the mean is near that of all items.
    assert abs(few[0] - log(0.4 / 0.6)) < 0.3
    assert stay_odds(50, 5, 0.4)[0] > stay_odds(5, 50, 0.4)[0]


def test_enough_swipes_give_new_lives_what_they_need() -> None:
    items = [live(0), _new(1), _new(2, impressions=FIRST - 1), _new(3, impressions=FIRST)]
    newcomers = Newcomers(items, NOW, swipes=10_000)
    assert newcomers.lives == [1, 2]
    assert not newcomers.scarce
    assert 0 < newcomers.share < 0.02
    chance = Chance(1)
    picked = Counter(newcomers.pick(chance, newcomers.lives) for _ in range(20_000))
    assert picked[1] > 4 * picked[2] > 0
    assert newcomers.pick(chance, []) is None


def test_a_new_live_gets_its_first_impressions_within_a_minute() -> None:
    """One swipe after the other, with counts that arrive 5 s late."""
    swipes, lives = 400, 5
    for seed in range(20):
        chance = Chance(seed)
        shown, known = Counter[int](), Counter[int]()
        for swipe in range(swipes):
            now = 60 * swipe / swipes
            if swipe % (swipes // 12) == 0:
                known = shown.copy()
            items = [_new(number, now, known[number]) for number in range(lives)]
            newcomers = Newcomers(items, NOW, swipes)
            place = newcomers.pick(chance, newcomers.lives)
            if place is not None:
                shown[place] += 1
        assert min(shown[number] for number in range(lives)) >= FIRST
        assert shown.total() <= 0.7 * swipes


@pytest.mark.parametrize("swipes", [None, SWIPES_PER_LIVE * 30 - 1])
def test_scarce_swipes_are_shared_evenly(swipes: float | None) -> None:
    chance = Chance(1)
    shown = Counter[int]()
    for _ in range(1_000):
        items = [_new(number, 10, min(shown[number], FIRST - 1)) for number in range(30)]
        newcomers = Newcomers(items, NOW, swipes)
        assert newcomers.scarce
        place = newcomers.pick(chance, newcomers.lives)
        if place is not None:
            shown[place] += 1
    assert shown.total() == pytest.approx(1_000 * SCARCE_SHARE, rel=0.15)
    assert max(shown.values()) - min(shown[number] for number in range(30)) <= 1


def test_a_viewer_who_saw_the_neediest_gets_another_new_live() -> None:
    items = [_new(0), _new(1, impressions=5)]
    newcomers = Newcomers(items, NOW, None)
    chance = Chance(1)
    assert {newcomers.pick(chance, [1]) for _ in range(100)} == {1, None}


def test_a_new_live_is_shown_first_to_those_whose_taste_it_suits() -> None:
    items = [_new(0, age=5), _new(1, age=5), _new(2, age=40)]
    newcomers = Newcomers(items, NOW, swipes=10_000)
    # The viewer dislikes the first and the last; the last is urgent.
    assert newcomers.suiting([0.0, 2.0, 0.0], [1.0, 1.0, 1.0]) == [1, 2]
    assert Newcomers(items, NOW, None).suiting([0.0] * 3, [1.0] * 3) == [0, 1, 2]
