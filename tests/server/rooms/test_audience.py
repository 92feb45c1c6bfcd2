"""What viewers see, put together."""

from server.rooms.audience import FRESH, LATELY, SOON, Audience
from server.rooms.beacon import Beacon


def test_nobody() -> None:
    nothing: dict[str, object] = {
        "behind_lens": None,
        "first_picture": None,
        "stalled": 0,
        "players": {},
    }
    assert Audience().describe(0, 1.0) == {"watching": 0, "reporting": 0, "playing": 0} | nothing


def test_viewers_who_play_and_one_who_does_not() -> None:
    """The delay is that of those who play; a viewer who has said nothing counts as watching
    only.
    """
    audience = Audience()
    for viewer in range(100):
        assert audience.report(viewer, Beacon("webcodecs", True, 100.0 + viewer, 0, 50.0), 1.0)
    audience.report(200, Beacon("mse", False, 9_000.0, 3, 70.0), 1.0)
    described = audience.describe(102, 1.5)
    assert described["behind_lens"] == {"p50": 149, "p95": 194}
    assert described | {"behind_lens": 0} == {
        "watching": 102,
        "reporting": 101,
        "playing": 100,
        "behind_lens": 0,
        "first_picture": {"p50": 50, "p95": 50},
        "stalled": 0,
        "players": {"webcodecs": 100, "mse": 1},
    }


def test_the_latest_beacon_counts() -> None:
    audience = Audience()
    first, second = Beacon("mse", True, 100.0, 0, 80.0), Beacon("mse", False, 100.0, 1, 80.0)
    assert audience.last(1) is None
    audience.report(1, first, 1.0)
    assert audience.last(1) == first
    audience.report(1, second, 2.0)
    assert audience.last(1) == second
    assert audience.describe(1, 2.0)["playing"] == 0


def test_what_is_not_told_again_stays_true() -> None:
    audience = Audience()
    audience.report(1, Beacon("mse", True, 100.0, 2, 80.0), 1.0)
    audience.report(1, Beacon("mse"), 2.0)
    assert audience.last(1) == Beacon("mse", None, None, 2, 80.0)


def test_who_tells_more_often_is_not_heard_more_often() -> None:
    audience = Audience()
    for n in range(200):
        audience.report(1, Beacon("mse", stalls=n), n / 100)
    taken = [n for n in range(200, 400) if audience.report(1, Beacon("mse", stalls=n), n / 100)]
    assert len(taken) == round(2 / SOON) and audience.last(1) == Beacon("mse", stalls=taken[-1])


def test_who_ran_dry_is_told_of_for_a_while() -> None:
    """By what is added on this connection: a page that connects again tells of those before."""
    audience = Audience()
    audience.report(1, Beacon("mse", stalls=7), 1.0)
    assert audience.describe(1, 1.0)["stalled"] == 0
    audience.report(1, Beacon("mse", stalls=8), 2.0)
    for at in range(3, 60):
        audience.report(1, Beacon("mse", stalls=8), float(at))
        assert audience.describe(1, float(at))["stalled"] == (at - 2 <= LATELY)


def test_who_leaves_is_forgotten_and_who_is_silent_is_not_counted() -> None:
    audience = Audience()
    audience.report(1, Beacon("mse", True), 1.0)
    audience.report(2, Beacon("mse", True), 1.0 + FRESH)
    assert audience.describe(2, 1.1 + FRESH)["reporting"] == 1
    for viewer in (1, 2, 2, 3):
        audience.leave(viewer)
    assert len(audience) == 0
