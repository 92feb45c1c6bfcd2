"""Timers conclude nothing from a pause of the process before the sockets are read."""

from relay.pause import LATE, READING_MAX, PauseRule


class Sockets:
    """Counts how often the sockets are asked."""

    def __init__(self) -> None:
        self.unread = False
        self.asked = 0

    def has_unread(self) -> bool:
        self.asked += 1
        return self.unread


def rule_at(now: float) -> tuple[PauseRule, Sockets]:
    """A rule whose first question, at `now`, found all sockets empty."""
    sockets = Sockets()
    rule = PauseRule(sockets.has_unread)
    assert rule.may_judge(now)
    sockets.asked = 0
    return rule, sockets


def test_timers_on_time_do_not_ask_the_sockets() -> None:
    rule, sockets = rule_at(10.0)
    sockets.unread = True
    assert all(rule.may_judge(10.0 + 0.02 * tick) for tick in range(1, 100))
    assert sockets.asked == 0


def test_after_a_pause_timers_wait_until_the_sockets_are_read() -> None:
    rule, sockets = rule_at(10.0)
    sockets.unread = True
    assert not rule.may_judge(11.5)
    # The next question is on time, but the datagrams of the pause still wait.
    assert not rule.may_judge(11.52)
    sockets.unread = False
    assert rule.may_judge(11.54)
    sockets.unread = True
    assert rule.may_judge(11.56), "these datagrams came after the pause"


def test_after_a_pause_without_datagrams_timers_go_on() -> None:
    rule, sockets = rule_at(10.0)
    assert rule.may_judge(10.0 + 2 * LATE)
    assert sockets.asked == 1


def test_the_first_question_counts_as_one_after_a_pause() -> None:
    sockets = Sockets()
    sockets.unread = True
    assert not PauseRule(sockets.has_unread).may_judge(10.0)


def test_sockets_that_are_never_empty_delay_timers_for_a_second_only() -> None:
    rule, sockets = rule_at(10.0)
    sockets.unread = True
    begin = 20.0
    answers = [rule.may_judge(begin + 0.02 * tick) for tick in range(51)]
    assert answers.index(True) * 0.02 >= READING_MAX - 0.02
    assert answers[-1]


def test_a_timer_that_asks_rarely_is_not_delayed_forever() -> None:
    """Each question of a timer with a long period looks like one after a pause."""
    rule, sockets = rule_at(10.0)
    sockets.unread = True
    assert [rule.may_judge(20.0), rule.may_judge(21.0), rule.may_judge(22.0)] == [
        False,
        True,
        False,
    ]
