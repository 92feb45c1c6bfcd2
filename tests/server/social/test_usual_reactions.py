"""How many people usually react."""

import pytest

from server.social.usual_reactions import FEW, WITHIN, UsualReactions


def learnt(*seconds: tuple[int, int, int]) -> UsualReactions:
    """Learns the same numbers for some seconds. Each item: seconds, reacting, watching."""
    usual = UsualReactions()
    for number, reacting, watching in seconds:
        for _ in range(number):
            usual.learn(reacting, watching, 1.0)
    return usual


def test_a_crowd_that_stays_learns_slowly() -> None:
    for seconds in (30, 60):
        usual = learnt((300, 2, 100), (seconds, 20, 100))
        assert usual.number == pytest.approx(20 - 18 * 2.718 ** (-seconds / WITHIN), rel=0.01)


def test_a_crowd_that_comes_at_once_reacts_as_usual_within_seconds() -> None:
    usual = learnt((300, 1, 40), (10, 1_001, 1_040))
    assert usual.number > 900
    # After those have gone, a highlight counts again.
    usual = learnt((300, 1, 40), (600, 1_001, 1_040), (1_200, 1, 40), (20, 10, 40))
    assert usual.number < 5


def test_a_highlight_that_brings_people_stays_one() -> None:
    usual = learnt((300, 2, 100), (20, 20, 150))
    assert usual.number < 10


def test_a_few_people_are_no_crowd() -> None:
    usual = learnt((60, 0, 1), (20, 5, FEW // 2))
    assert usual.number < 2


def test_the_first_numbers_are_usual() -> None:
    assert learnt((1, 7, 100)).number == 7
