"""Which live gets a poster next, and how much of a core posters use."""

import pytest

from server.posters.schedule import EVERY, SAVED, SHARE, Allowance, Candidate, most_urgent


def test_a_live_without_a_poster_comes_first() -> None:
    lives = [Candidate("old", 5_000, 0.0), Candidate("few", 0, None), Candidate("many", 9, None)]
    assert most_urgent(lives, 1e6) == lives[2]


def test_a_new_poster_is_not_replaced() -> None:
    live = Candidate("a", 5_000, 100.0)
    assert most_urgent([live], 100.0 + EVERY - 0.1) is None
    assert most_urgent([live], 100.0 + EVERY) == live
    assert most_urgent([], 1.0) is None


def served(viewers: dict[str, int], number: int, seconds: float) -> list[str]:
    """Returns the lives of the first posters, if a poster is made every `seconds`."""
    tried = dict.fromkeys(viewers, 0.0)
    order = []
    for step in range(number):
        now = EVERY + step * seconds
        live = most_urgent((Candidate(a, n, tried[a]) for a, n in viewers.items()), now)
        if live:
            tried[live.room] = now
            order.append(live.room)
    return order


def test_the_most_watched_are_new_and_no_live_waits_for_ever() -> None:
    """There are a hundred lives, and time for one poster a second."""
    viewers = {"star": 10_000, **{f"live{n}": 1 for n in range(99)}}
    order = served(viewers, 400, 1.0)
    stars = [n for n, room in enumerate(order) if room == "star"]
    assert stars[:3] == [0, 10, 20] and len(stars) == 40
    assert set(order) == set(viewers)


def test_posters_use_a_share_of_a_core() -> None:
    """The share does not depend on the time that one poster takes."""
    for cost in (0.01, 0.3, 5.0):
        now = spent = 0.0
        allowance = Allowance(now)
        while now < 1_000.0:
            now += max(allowance.delay(now), cost)
            allowance.spend(cost)
            spent += cost
        assert spent <= now * SHARE + SAVED + 2 * cost


def test_idle_time_is_not_saved_for_long() -> None:
    allowance = Allowance(0.0)
    assert allowance.delay(1e6) == 0.0
    allowance.spend(SAVED + 0.2)
    assert allowance.delay(1e6) == pytest.approx(0.2 / SHARE)
    assert allowance.delay(1e6 + 1.0) == pytest.approx(0.2 / SHARE - 1.0)
