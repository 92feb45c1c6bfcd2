"""The countdown of a live, by its table."""

from itertools import product

import pytest

from server.social.countdown import (
    FADE,
    TRANSITIONS,
    Countdown,
    CountdownEvent,
    CountdownState,
    length_of,
)

S, E = CountdownState, CountdownEvent
EVENTS = [E.WENT_LIVE, E.LAST_BEGAN, E.MINUTE_ADDED, E.TIME_UP, E.FADED]
# One row per state, one column per event; None: the state stays.
EXPECTED: dict[CountdownState, list[CountdownState | None]] = {
    S.OPEN: [None, None, None, None, None],
    S.WAITING: [S.RUNNING, None, S.WAITING, None, None],
    S.RUNNING: [None, S.LAST, S.RUNNING, None, None],
    S.LAST: [None, None, S.RUNNING, S.FADING, None],
    S.FADING: [None, None, S.RUNNING, None, S.OVER],
    S.OVER: [None, None, None, None, None],
}


@pytest.mark.parametrize(("state", "event"), list(product(S, E)))
def test_every_event_in_every_state(state: CountdownState, event: CountdownEvent) -> None:
    assert set(EVENTS) == set(E) and set(EXPECTED) == set(S)
    assert TRANSITIONS.get((state, event)) is EXPECTED[state][EVENTS.index(event)]


def test_a_minute_from_its_beginning_to_its_end() -> None:
    countdown = Countdown(60)
    assert countdown.next_at() is None
    assert countdown.go_live(1_000)
    assert (countdown.ends_at, countdown.next_at()) == (1_060, 1_050)
    assert not countdown.advance(1_049.9)
    assert countdown.advance(1_050) and countdown.state.name == "LAST"
    assert countdown.next_at() == 1_060
    assert countdown.advance(1_060) and countdown.state.name == "FADING"
    assert countdown.next_at() == 1_060 + FADE
    assert countdown.advance(1_060 + FADE) and countdown.state.name == "OVER"
    assert countdown.next_at() is None and not countdown.advance(2_000)


def test_a_late_timer_passes_through_every_state() -> None:
    countdown = Countdown(60, live_at=1_000)
    assert countdown.advance(5_000) and countdown.state is S.OVER


def test_a_live_without_a_length() -> None:
    countdown = Countdown(None)
    assert not countdown.go_live(1_000) and countdown.next_at() is None
    assert not countdown.can_add_minute() and not countdown.add_minute()
    assert not countdown.advance(1e9) and countdown.state is S.OPEN


@pytest.mark.parametrize("now", [1_020, 1_055, 1_061])
def test_one_more_minute(now: float) -> None:
    countdown = Countdown(60, live_at=1_000)
    countdown.advance(now)
    assert countdown.add_minute()
    assert (countdown.state, countdown.ends_at, countdown.length) == (S.RUNNING, 1_120, 120)
    assert countdown.next_at() == 1_110


def test_one_more_minute_before_the_live_begins() -> None:
    countdown = Countdown(60)
    assert countdown.add_minute()
    assert countdown.go_live(1_000) and countdown.ends_at == 1_120


def test_no_minute_is_added_above_the_maximum_and_after_the_end() -> None:
    countdown = Countdown(60, most=150, live_at=1_000)
    assert countdown.add_minute() and not countdown.can_add_minute()
    assert not countdown.add_minute() and countdown.ends_at == 1_120
    over = Countdown(60, live_at=1_000)
    over.advance(2_000)
    assert not over.add_minute()


def test_the_times_of_a_former_process() -> None:
    countdown = Countdown(120, live_at=1_000)
    assert (countdown.state, countdown.ends_at) == (S.RUNNING, 1_120)


def test_going_live_again_changes_nothing() -> None:
    countdown = Countdown(60)
    countdown.go_live(1_000)
    assert not countdown.go_live(1_030) and countdown.ends_at == 1_060


def test_the_length_of_a_live() -> None:
    assert length_of(None, None) is None
    assert length_of(60, None) == 60
    assert length_of(None, 300) == 300, "an open live ends at the maximum of the server"
    assert length_of(600, 300) == 300
