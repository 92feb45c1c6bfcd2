"""An excess is reached above its limit and ends below half of its limit."""

from relay.excess import Excess

LIMIT = 100


def test_it_is_reached_above_the_limit_and_ends_below_half_of_it() -> None:
    excess, seen = Excess(LIMIT), []
    for change in (100, 1, -50, -1, 50):
        excess.add(change)
        excess.judge(waiting=True)
        seen.append(excess.reached)
    assert seen == [False, True, True, False, False]


def test_it_is_reached_only_while_work_waits() -> None:
    """The excess then stays reached while no work waits."""
    excess = Excess(LIMIT)
    excess.add(150)
    excess.judge(waiting=False)
    assert not excess.reached
    excess.judge(waiting=True)
    excess.judge(waiting=False)
    assert excess.reached


def test_it_is_bounded() -> None:
    excess = Excess(LIMIT)
    excess.add(10 * LIMIT)
    assert excess.ns == 2 * LIMIT
    excess.add(-10 * LIMIT)
    assert excess.ns == 0


def test_it_can_be_reached_at_once() -> None:
    excess = Excess(LIMIT)
    excess.reach()
    assert excess.reached and excess.ns == LIMIT
    excess.judge(waiting=False)
    assert excess.reached
