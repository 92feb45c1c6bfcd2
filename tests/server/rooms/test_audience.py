"""The figures of a room's viewers."""

from server.rooms.audience import FRESH, MIN_INTERVAL, STALL_SHOWN, Audience, AudienceHealth, Spread
from server.rooms.beacon import Beacon


class Beacons:
    """Records the beacons that an audience passes on."""

    def __init__(self) -> None:
        self.calls: list[tuple[Beacon, Beacon | None]] = []
        self.audience = Audience(lambda beacon, before: self.calls.append((beacon, before)))

    def report(self, viewer: int, beacon: Beacon, now: float) -> bool:
        """Sends a report. Returns whether it is accepted."""
        accepted = len(self.calls)
        self.audience.report(viewer, beacon, now)
        return len(self.calls) > accepted


def test_no_viewers() -> None:
    assert Beacons().audience.health(0, 1.0) == AudienceHealth(0, 0, 0, None, None, 0, {})


def test_viewers_that_play_and_one_that_does_not() -> None:
    """The delay is that of viewers that play. A viewer without a report counts only as watching."""
    beacons = Beacons()
    for viewer in range(100):
        assert beacons.report(viewer, Beacon("webcodecs", True, 100.0 + viewer, 0, 50.0), 1.0)
    beacons.report(200, Beacon("mse", False, 9_000.0, 3, 70.0), 1.0)
    assert beacons.audience.health(102, 1.5) == AudienceHealth(
        watching=102,
        reporting=101,
        playing=100,
        behind_lens=Spread(149, 194),
        first_picture=Spread(50, 50),
        stalled=0,
        players={"webcodecs": 100, "mse": 1},
    )


def test_the_latest_beacon_counts() -> None:
    """Each beacon is passed on together with the beacon before."""
    beacons = Beacons()
    first, second = Beacon("mse", True, 100.0, 0, 80.0), Beacon("mse", False, 100.0, 1, 80.0)
    beacons.report(1, first, 1.0)
    beacons.report(1, second, 2.0)
    assert beacons.calls == [(first, None), (second, first)]
    assert beacons.audience.health(1, 2.0).playing == 0


def test_figures_that_are_not_repeated_stay_valid() -> None:
    beacons = Beacons()
    beacons.report(1, Beacon("mse", True, 100.0, 2, 80.0), 1.0)
    beacons.report(1, Beacon("mse"), 2.0)
    beacons.report(1, Beacon("mse"), 3.0)
    assert beacons.calls[-1] == (Beacon("mse"), Beacon("mse", None, None, 2, 80.0))


def test_beacons_that_come_too_often_are_ignored() -> None:
    beacons = Beacons()
    accepted = [n for n in range(400) if beacons.report(1, Beacon("mse", stalls=n), n / 100)]
    assert len(accepted) == round(4 / MIN_INTERVAL)


def test_a_stall_is_shown_for_a_while() -> None:
    """Stalls of earlier connections, which a page that reconnects reports again, do not count."""
    beacons = Beacons()
    beacons.report(1, Beacon("mse", stalls=7), 1.0)
    assert beacons.audience.health(1, 1.0).stalled == 0
    beacons.report(1, Beacon("mse", stalls=8), 2.0)
    for at in range(3, 60):
        beacons.report(1, Beacon("mse", stalls=8), float(at))
        assert beacons.audience.health(1, float(at)).stalled == (at - 2 <= STALL_SHOWN)


def test_viewers_that_leave_are_forgotten_and_silent_ones_are_not_counted() -> None:
    beacons = Beacons()
    beacons.report(1, Beacon("mse", True), 1.0)
    beacons.report(2, Beacon("mse", True), 1.0 + FRESH)
    assert beacons.audience.health(2, 1.1 + FRESH).reporting == 1
    for viewer in (1, 2, 2, 3):
        beacons.audience.leave(viewer)
    assert len(beacons.audience) == 0
