"""When a supervised process is started and killed."""

from collections.abc import Callable
from itertools import product

import pytest

from server.supervisor import lifetime
from server.supervisor.lifetime import (
    BEAT,
    MAX_DELAY,
    SILENT,
    START,
    STEADY,
    TABLE,
    Action,
    Event,
    Lifetime,
    State,
)

CHANGES = {
    State.WAITING: {Event.STARTED: State.STARTING, Event.STOPPED: State.OVER},
    State.STARTING: {
        Event.READY: State.SERVING,
        Event.EXITED: State.WAITING,
        Event.STOPPED: State.ENDING,
    },
    State.SERVING: {Event.EXITED: State.WAITING, Event.STOPPED: State.ENDING},
    State.ENDING: {Event.EXITED: State.OVER},
    State.OVER: {},
}


def in_state(state: State) -> Lifetime:
    life = Lifetime(0.0)
    steps: dict[State, list[Callable[[float], object]]] = {
        State.WAITING: [],
        State.STARTING: [life.started],
        State.SERVING: [life.started, life.ready],
        State.ENDING: [life.started, life.ready, lambda now: life.stop(now, 1.0)],
        State.OVER: [lambda now: life.stop(now, 1.0)],
    }
    for step in steps[state]:
        step(0.0)
    assert life.state is state
    return life


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_every_pair_of_state_and_event(state: State, event: Event) -> None:
    life = in_state(state)
    happen: dict[Event, Callable[[float], object]] = {
        Event.STARTED: life.started,
        Event.READY: life.ready,
        Event.EXITED: life.exited,
        Event.STOPPED: lambda now: life.stop(now, 1.0),
    }
    happen[event](0.0)
    assert life.state is CHANGES[state].get(event, state)
    assert TABLE.get((state, event)) is CHANGES[state].get(event)


def run(life: Lifetime, now: float, until: float) -> list[tuple[float, Action]]:
    """Asks again whenever the life wants. Returns the first action with its time."""
    while now <= until:
        if action := life.due(now):
            return [(now, action)]
        assert life.next_at() > now
        now = life.next_at()
    return []


def test_the_delay_doubles_after_each_failure() -> None:
    life, now, delays = Lifetime(0.0), 0.0, []
    for _ in range(9):
        ((at, action),) = run(life, now, now + 100)
        assert action is Action.START
        delays.append(at - now)
        now = at
        life.started(now)
        life.exited(now)
    assert delays == [0, 0, 1, 2, 4, 8, 16, MAX_DELAY, MAX_DELAY]


def test_a_steady_process_starts_again_at_once() -> None:
    life = Lifetime(0.0)
    for _ in range(6):
        life.started(0.0)
        life.exited(0.0)
    life.started(100.0)
    life.ready(100.0)
    life.exited(100.0 + STEADY)
    assert life.due(100.0 + STEADY) is Action.START


def test_a_program_that_cannot_be_started_waits_too() -> None:
    life = Lifetime(0.0)
    for now in (0.0, 0.0):
        assert life.due(now) is Action.START
        life.exited(now)
    assert life.due(0.5) is None and life.due(1.0) is Action.START


def test_silence_kills() -> None:
    life = in_state(State.SERVING)
    life.heard(5.0)
    assert run(life, 5.0, 200) == [(5.0 + SILENT, Action.KILL)]
    assert life.next_at() > 5.0 + SILENT, "it is killed again later"
    life.exited(30.0)
    assert life.due(30.0) is Action.START


def test_a_process_that_does_not_start_is_killed() -> None:
    assert run(in_state(State.STARTING), 0.0, 200) == [(START, Action.KILL)]


def test_a_program_without_beats_is_never_killed() -> None:
    """It only has to start in time."""
    life = Lifetime(0.0, beats=False)
    life.started(0.0)
    assert run(life, 0.0, 1_000) == [(START, Action.KILL)]
    life.ready(START)
    assert run(life, START, 1_000) == []


def test_a_pause_of_the_supervisor_kills_nothing() -> None:
    life = in_state(State.SERVING)
    life.heard(0.0)
    assert life.due(0.0) is None
    assert life.due(500.0) is None
    assert run(life, 500.0, 600) == [(500.0 + SILENT, Action.KILL)]


def test_a_process_that_does_not_end_is_killed() -> None:
    life = in_state(State.SERVING)
    assert life.stop(0.0, 30.0)
    life.heard(1.0)
    assert run(life, 1.0, 100) == [(30.0, Action.KILL)]


def test_a_second_stop_shortens_the_time() -> None:
    life = in_state(State.SERVING)
    assert life.stop(0.0, 30.0) and life.stop(1.0, 5.0) and life.stop(2.0, 50.0)
    assert run(life, 2.0, 100) == [(6.0, Action.KILL)]
    life.exited(6.0)
    assert life.state is State.OVER and life.due(7.0) is None


def test_nothing_is_asked_to_end_that_does_not_run() -> None:
    assert not in_state(State.WAITING).stop(0.0, 1.0)
    assert not in_state(State.OVER).stop(0.0, 1.0)


def test_the_beat_is_checked_often() -> None:
    """Otherwise a pause of the supervisor would look like silence."""
    life = in_state(State.SERVING)
    life.due(3.0)
    assert life.next_at() == 3.0 + BEAT
    assert lifetime.MAX_PAUSE > BEAT
