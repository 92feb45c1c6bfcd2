"""The shield: every pair of state and event."""

import pytest

from server.social.shield import DURATION, Shield, ShieldEvent, ShieldState

NOW = 1_000.0
UP = Shield(ShieldState.UP, NOW + DURATION)
DOWN = Shield()


@pytest.mark.parametrize(
    ("before", "event", "at", "after"),
    [
        (DOWN, ShieldEvent.RAISE, NOW, UP),
        (DOWN, ShieldEvent.LOWER, NOW, DOWN),
        (DOWN, ShieldEvent.EXPIRE, NOW, DOWN),
        (UP, ShieldEvent.RAISE, NOW + 100, Shield(ShieldState.UP, NOW + 100 + DURATION)),
        (UP, ShieldEvent.LOWER, NOW + 1, DOWN),
        (UP, ShieldEvent.EXPIRE, NOW + DURATION, DOWN),
        (UP, ShieldEvent.EXPIRE, NOW + DURATION - 1, UP),
    ],
)
def test_transitions(before: Shield, event: ShieldEvent, at: float, after: Shield) -> None:
    assert before.after(event, at) == after


def test_every_pair_of_state_and_event_has_an_answer() -> None:
    for state in ShieldState:
        for event in ShieldEvent:
            shield = Shield(state, NOW if state is ShieldState.UP else 0.0)
            assert shield.after(event, NOW).state in ShieldState


def test_the_shield_ends_at_its_time_even_without_an_event() -> None:
    assert UP.is_up(NOW + DURATION - 0.001)
    assert not UP.is_up(NOW + DURATION)
    assert not DOWN.is_up(NOW)
