"""The order in which the server gives things up, and when it takes them back."""

import pytest

from server.host.stages import (
    DOWN_AFTER,
    LEAST_CEILING,
    UNWATCHED_BITRATE,
    UP_EVERY,
    Stage,
    Stages,
)

CAP = 4_000_000
STEP = 0.25


class Clock:
    """A clock that passes loads to the stages, four times a second."""

    def __init__(self) -> None:
        self.stages = Stages(CAP)
        self.now = 50.0
        self.seen: list[Stage] = []

    def run(self, load: float, seconds: float, lateness: float = 0.0) -> Stage:
        for _ in range(round(seconds / STEP)):
            self.now += STEP
            self.stages.update(load, lateness, 2_000_000, self.now)
            if not self.seen or self.seen[-1] is not self.stages.stage:
                self.seen.append(self.stages.stage)
        return self.stages.stage


def test_the_order() -> None:
    clock = Clock()
    assert clock.run(0.85, 10) is Stage.NOTHING
    clock.run(0.99, 10)
    assert clock.seen == list(Stage)


def test_a_step_waits_for_the_effect_of_the_last() -> None:
    clock = Clock()
    clock.run(0.99, STEP)
    assert clock.run(0.99, UP_EVERY - STEP) is Stage.IDLE_HLS
    assert clock.run(0.99, STEP) is Stage.UNWATCHED_VIDEO
    assert clock.run(0.8, 60) is Stage.UNWATCHED_VIDEO


def test_late_timers_count_like_load() -> None:
    clock = Clock()
    assert clock.run(0.5, 1, lateness=0.2) > Stage.NOTHING


def test_what_is_requested_from_creators() -> None:
    """Rooms without viewers send little from the second stage on. In the last stage, the creators
    that send most come down first, since all have the same ceiling.
    """
    clock = Clock()
    assert (clock.stages.cap(0), clock.stages.cap(5)) == (CAP, CAP)
    assert clock.run(0.99, 0.75) is Stage.UNWATCHED_VIDEO
    assert (clock.stages.cap(0), clock.stages.cap(5)) == (UNWATCHED_BITRATE, CAP)
    assert clock.run(0.99, 1.0) is Stage.HEAVIEST
    assert clock.stages.cap(5) == pytest.approx(2_000_000 * 0.7)
    clock.run(0.99, 30)
    assert (clock.stages.cap(0), clock.stages.cap(5)) == (UNWATCHED_BITRATE, LEAST_CEILING)


def test_back_to_normal_when_the_load_has_ended() -> None:
    clock = Clock()
    clock.run(0.99, 30)
    assert clock.run(0.3, STEP) is Stage.NOTHING
    assert clock.stages.cap(0) == CAP


def test_steps_back_one_after_the_other_when_the_load_falls_a_little() -> None:
    clock = Clock()
    clock.run(0.99, 2)
    clock.seen.clear()
    clock.run(0.6, 30)
    assert clock.seen == list(reversed(Stage))
    assert clock.stages.ceiling == CAP


def test_a_load_that_returns_makes_the_steps_back_slower() -> None:
    """The load was low only because of the steps taken."""
    clock = Clock()
    clock.run(0.95, 1)
    ups = 0
    for _ in range(400):
        before = clock.stages.stage
        after = clock.run(0.6 if before >= Stage.UNWATCHED_VIDEO else 0.95, STEP)
        ups += after > before
    assert ups <= 12  # in 100 s


def test_a_cap_below_the_least_values() -> None:
    stages = Stages(100_000)
    for number in range(40):
        stages.update(0.99, 0.0, 90_000, float(number))
    assert stages.cap(0) == stages.cap(9) == 100_000
    assert DOWN_AFTER < 2.0
