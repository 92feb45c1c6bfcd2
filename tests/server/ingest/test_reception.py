"""A creator's health at the server's end."""

from server.ingest.reception import SPAN, Reception, Totals


def run(
    reception: Reception,
    start: float,
    seconds: float,
    *,
    fps: int = 30,
    bytes_each: int = 5_000,
    so_far: int = 0,
) -> tuple[float, int]:
    """Pictures at a steady pace, one in 60 a keyframe. Returns when the last came, and the bytes
    until then.
    """
    now = start
    for number in range(round(seconds * fps)):
        now = start + number / fps
        so_far += bytes_each
        reception.picture(now, key=number % 60 == 0)
        reception.measure(now, Totals(so_far))
    return now, so_far


def test_before_anything_came() -> None:
    reception = Reception(10.0)
    assert reception.describe(10.5) == {
        "bitrate": None,
        "fps": None,
        "gap": 0,
        "repaired": 0,
        "lost": 0,
        "keyframe_age": None,
    }


def test_a_steady_live() -> None:
    reception = Reception(10.0)
    now, _ = run(reception, 10.0, 10)
    described = reception.describe(now)
    assert abs(described["bitrate"] - 1_200_000) < 80_000 and abs(described["fps"] - 30) < 2
    assert described["gap"] == 33 and 0 <= described["keyframe_age"] <= 2_000


def test_a_gap_shows_while_it_lasts_and_for_some_seconds_after() -> None:
    reception = Reception(0.0)
    now, so_far = run(reception, 0.0, 3)
    for tick in range(1, 150):
        reception.measure(now + tick * 0.02, Totals(so_far))
    assert reception.describe(now + 3)["gap"] == 3_000
    assert reception.describe(now + 3)["fps"] == 0
    later, so_far = run(reception, now + 3, SPAN - 1.5, so_far=so_far)
    assert reception.describe(later)["gap"] >= 2_000
    later, _ = run(reception, later + 1 / 30, SPAN + 1, so_far=so_far)
    assert reception.describe(later)["gap"] < 50


def test_losses_are_those_of_the_last_seconds() -> None:
    """A sender that starts afresh, whose losses are counted from zero again, makes no negative
    ones.
    """
    reception = Reception(0.0)
    for second, (repaired, lost) in enumerate([(3, 1), (3, 1), (0, 0), (2, 0)], 1):
        reception.measure(float(second), Totals(0, repaired, lost))
    described = reception.describe(4.0)
    assert (described["repaired"], described["lost"]) == (5, 1)
    for second in range(5, 5 + SPAN):
        reception.measure(float(second), Totals(0, 2, 0))
    assert reception.describe(10.0)["repaired"] == 0
