"""What viewers see, put together."""

from server.audience import FRESH, Audience
from server.beacon import Beacon


def test_nobody() -> None:
    assert Audience().describe(0, 1.0) == {"watching": 0, "reporting": 0, "playing": 0, "behind_lens": None, "first_picture": None, "players": {}}


def test_viewers_who_play_and_one_who_does_not() -> None:
    """The delay is that of those who play; a viewer who has said nothing counts as watching only."""
    audience = Audience()
    for viewer in range(100):
        assert audience.report(viewer, Beacon("webcodecs", True, 100.0 + viewer, 0, 50.0), 1.0) is None
    audience.report(200, Beacon("mse", False, 9_000.0, 3, 70.0), 1.0)
    described = audience.describe(102, 1.5)
    assert described["behind_lens"] == {"p50": 149, "p95": 194}
    assert described | {"behind_lens": 0} == {
        "watching": 102,
        "reporting": 101,
        "playing": 100,
        "behind_lens": 0,
        "first_picture": {"p50": 50, "p95": 50},
        "players": {"webcodecs": 100, "mse": 1},
    }


def test_the_latest_beacon_counts_and_the_one_before_is_handed_back() -> None:
    audience = Audience()
    first = Beacon("mse", True, 100.0, 0, 80.0)
    audience.report(1, first, 1.0)
    assert audience.report(1, Beacon("mse", False, 100.0, 1, 80.0), 2.0) == first
    assert audience.describe(1, 2.0)["playing"] == 0


def test_who_leaves_is_forgotten_and_who_is_silent_is_not_counted() -> None:
    audience = Audience()
    audience.report(1, Beacon("mse", True), 1.0)
    audience.report(2, Beacon("mse", True), 1.0 + FRESH)
    assert audience.describe(2, 1.1 + FRESH)["reporting"] == 1
    for viewer in (1, 2, 2, 3):
        audience.leave(viewer)
    assert len(audience) == 0
