"""The level of the server and its measured costs, with invented measurements."""

from dataclasses import replace

import pytest

from server.host.headroom import (
    CREATOR_COST,
    DROPPED_FOR,
    Headroom,
    HeadroomEstimate,
    Level,
    Limits,
    Measurement,
)

STEP = 0.25
IDLE = Measurement(STEP, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0)


def busy(load: float) -> Measurement:
    return replace(IDLE, cpu=load * STEP)


def after(estimate: HeadroomEstimate, measurement: Measurement, seconds: float = 5.0) -> Headroom:
    headroom = estimate.headroom
    for _ in range(round(seconds / STEP)):
        headroom = estimate.add(measurement)
    return headroom


@pytest.mark.parametrize(
    ("measurement", "level"),
    [
        (IDLE, Level.FREE),
        (busy(0.79), Level.FREE),
        (busy(0.82), Level.FULL),
        (replace(busy(0.42), waited=0.4 * STEP), Level.FULL),  # others use the core, too
        (busy(0.95), Level.CROWDED),
        (replace(IDLE, lateness=0.04), Level.FREE),  # the writes of one frame to 3,000 viewers
        (replace(IDLE, lateness=0.08), Level.FULL),
        (replace(IDLE, lateness=0.2), Level.CROWDED),
        (replace(IDLE, dropped=1), Level.FULL),
    ],
)
def test_levels(measurement: Measurement, level: Level) -> None:
    assert after(HeadroomEstimate(Limits()), measurement).level is level


def test_back_to_normal_within_two_seconds() -> None:
    estimate = HeadroomEstimate(Limits())
    assert after(estimate, replace(busy(1.0), lateness=0.3)).level is Level.CROWDED
    assert after(estimate, busy(0.3), 2.0).level is Level.FREE


def test_dropped_datagrams_count_for_a_while() -> None:
    estimate = HeadroomEstimate(Limits())
    assert estimate.add(replace(IDLE, dropped=12)).level is Level.FULL
    assert after(estimate, IDLE, DROPPED_FOR - STEP).level is Level.FULL
    headroom = after(estimate, IDLE, STEP)
    assert headroom.level is Level.FREE and headroom.dropped == 12


def test_the_level_does_not_change_at_every_measurement() -> None:
    """Around the limit, the server becomes full once and stays full."""
    estimate, levels = HeadroomEstimate(Limits()), []
    after(estimate, busy(0.85))
    for number in range(100):
        levels.append(estimate.add(busy(0.78 + 0.02 * (number % 2))).level)
    assert set(levels) == {Level.FULL}


def test_costs_are_measured_and_include_what_belongs_to_no_account() -> None:
    """40 creators take 0.3 of the loop, and 1,000 viewers 0.2; a further tenth is reading from
    sockets. Shared in proportion, this makes 0.36 and 0.24.
    """
    measurement = Measurement(
        STEP, 0.5 * STEP, 0.1 * STEP, 0.3 * STEP, 0.2 * STEP, 0.0, 0.0, 0, 40, 1_000
    )
    headroom = after(HeadroomEstimate(Limits()), measurement, 60)
    assert headroom.creator_cost == pytest.approx(0.36 / 40, rel=0.01)
    assert headroom.viewer_cost == pytest.approx(0.24 / 1_000, rel=0.01)


def test_one_creator_says_little_about_the_next() -> None:
    measurement = replace(busy(0.1), receiving=0.1 * STEP, creators=1)
    assert after(HeadroomEstimate(Limits()), measurement).creator_cost == CREATOR_COST


def test_a_limit_of_one_never_refuses() -> None:
    measurement = replace(busy(1.0), lateness=3.0, dropped=1_000)
    assert after(HeadroomEstimate(Limits(1.0)), measurement).level is Level.FREE


def test_an_interval_without_time_changes_nothing() -> None:
    estimate = HeadroomEstimate(Limits())
    before = after(estimate, busy(0.5))
    assert estimate.add(replace(busy(1.0), seconds=0.0)) == before
