"""Which creators and viewers are accepted before their load can be measured."""

from server.host.admission import (
    BEGIN_WEBRTC,
    BEGIN_WEBSOCKET,
    RETRY_FIRST,
    RETRY_STEPS,
    SPREAD,
    Admission,
)
from server.host.headroom import Headroom, HeadroomEstimate, Level, Limits, Measurement

STEP = SPREAD
COST = 0.008
"""What a creator of the simulated server costs: 100 take 0.8 of the loop."""


def arrivals(number: int, within: float, returning: bool = False) -> tuple[int, float]:
    """Simulates creators that arrive one after the other, while each accepted creator loads the
    loop half a second later. Returns how many were accepted, and the highest load.
    """
    admission, estimate = Admission(Limits()), HeadroomEstimate(Limits())
    accepted: list[float] = []
    highest = now = 0.0
    sampled = 0.0
    for step in range(number):
        now = step * within / number
        while sampled + STEP <= now:
            sampled += STEP
            highest = max(highest, sample(admission, estimate, accepted, sampled))
        if not admission.take_creator(returning=returning):
            accepted.append(now)
    for _ in range(40):
        sampled += STEP
        highest = max(highest, sample(admission, estimate, accepted, sampled))
    return len(accepted), highest


def sample(
    admission: Admission, estimate: HeadroomEstimate, accepted: list[float], now: float
) -> float:
    """Measures the simulated load. Returns it."""
    sending = sum(now - began > 0.5 for began in accepted)
    load = min(1.0, sending * COST)
    measurement = Measurement(
        STEP, load * STEP, 0.0, load * STEP, 0.0, 0.0, 0.0, 0, creators=sending, viewers=0
    )
    headroom = estimate.add(measurement)
    young = sum(now - began <= 1.0 for began in accepted)
    admission.measured(headroom, young * headroom.creator_cost)
    return load


def test_180_creators_within_5_seconds_do_not_drown_the_server() -> None:
    """Admission is faster than the measurements: each counts from the moment it is accepted."""
    accepted, highest = arrivals(180, 5.0)
    assert highest <= 0.85
    assert accepted >= 50


def test_creators_at_one_moment_do_not_drown_the_server() -> None:
    accepted, highest = arrivals(300, 0.01)
    assert 5 <= accepted <= 40 and highest <= 0.8


def test_slow_arrivals_fill_the_server() -> None:
    accepted, highest = arrivals(180, 120.0)
    assert 90 <= accepted <= 105 and highest <= 0.85


def test_a_creator_on_air_may_return_when_new_creators_may_not_begin() -> None:
    admission = Admission(Limits())
    admission.measured(Headroom(Level.FULL, load=0.82), 0.0)
    assert admission.full
    assert admission.take_creator(returning=False)
    assert not admission.take_creator(returning=True)
    admission.measured(Headroom(Level.CROWDED, load=0.96), 0.0)
    assert admission.take_creator(returning=True)
    assert admission.refused.creators == 2


def test_viewers_are_refused_later_than_creators() -> None:
    """Viewers over WebRTC are refused first, since each costs more at its start."""
    admission = Admission(Limits())
    admission.measured(Headroom(Level.FULL, load=0.86), 0.0)
    assert admission.check_creator(returning=False)
    assert admission.take_viewer(BEGIN_WEBRTC)
    assert not admission.take_viewer(BEGIN_WEBSOCKET)
    admission.measured(Headroom(Level.CROWDED, load=0.9), 0.0)
    assert admission.take_viewer(BEGIN_WEBSOCKET)
    assert admission.refused.viewers == 2


def test_a_crowd_of_viewers_begins_a_few_at_a_time() -> None:
    """6,000 requests between two measurements."""
    admission = Admission(Limits())
    accepted = sum(not admission.take_viewer(BEGIN_WEBSOCKET) for _ in range(6_000))
    assert 350 <= accepted <= 450
    admission.measured(Headroom(load=0.4), 0.0)
    assert not admission.take_viewer(BEGIN_WEBSOCKET)


def test_refused_clients_return_at_different_times() -> None:
    admission = Admission(Limits())
    admission.measured(Headroom(Level.FULL, load=0.9), 0.0)
    waits = {admission.check_creator(returning=False) for _ in range(100)}
    assert waits == set(range(RETRY_FIRST, RETRY_FIRST + RETRY_STEPS))


def test_figures() -> None:
    admission = Admission(Limits())
    admission.measured(Headroom(load=0.3, creator_cost=0.01, viewer_cost=0.001), 0.1)
    assert (admission.creators, admission.viewers) == (40, 480)
    admission.measured(Headroom(Level.CROWDED, load=0.3), 0.0)
    assert (admission.creators, admission.viewers) == (0, 0)


def test_a_limit_of_one_never_refuses() -> None:
    admission = Admission(Limits(1.0))
    admission.measured(Headroom(load=1.0), 5.0)
    for _ in range(1_000):
        assert not admission.take_creator(returning=False)
        assert not admission.take_viewer(BEGIN_WEBRTC)
