"""A publisher's health as the server measures it."""

from functools import partial

from server.ingest.health import SPAN, IngestHealth
from server.ingest.reception import Reception, Totals


def run(
    reception: Reception,
    start: float,
    seconds: float,
    *,
    fps: int = 30,
    bytes_each: int = 5_000,
    so_far: int = 0,
) -> tuple[float, int]:
    """Frames at a steady pace, every 60th a keyframe. Returns the time of the last one and the
    bytes so far.
    """
    now = start
    for number in range(round(seconds * fps)):
        now = start + number / fps
        so_far += bytes_each
        reception.frame(now, key=number % 60 == 0)
        reception.measure(now, partial(Totals, so_far))
    return now, so_far


def test_no_measurement_yet() -> None:
    reception = Reception(10.0)
    assert reception.health(10.5, None) == IngestHealth(
        bitrate=None, fps=None, gap=0, repaired=0, lost=0, keyframe_age=None, round_trip=None
    )
    assert reception.health(10.5, 0.0204).round_trip == 20


def test_a_steady_stream() -> None:
    reception = Reception(10.0)
    now, _ = run(reception, 10.0, 10)
    health = reception.health(now, None)
    assert health.bitrate and abs(health.bitrate - 1_200_000) < 80_000
    assert health.fps and abs(health.fps - 30) < 2
    assert health.gap == 33
    assert health.keyframe_age is not None and 0 <= health.keyframe_age <= 2_000


def test_a_gap_is_reported_while_it_lasts_and_for_some_seconds_after() -> None:
    reception = Reception(0.0)
    now, so_far = run(reception, 0.0, 3)
    for tick in range(1, 150):
        reception.measure(now + tick * 0.02, partial(Totals, so_far))
    assert reception.health(now + 3, None).gap == 3_000
    assert reception.health(now + 3, None).fps == 0
    later, so_far = run(reception, now + 3, SPAN - 1.5, so_far=so_far)
    assert reception.health(later, None).gap >= 2_000
    later, _ = run(reception, later + 1 / 30, SPAN + 1, so_far=so_far)
    assert reception.health(later, None).gap < 50


def test_losses_of_the_last_seconds() -> None:
    """A new source counts its losses from zero. The difference is never negative."""
    reception = Reception(0.0)
    for second, (repaired, lost) in enumerate([(3, 1), (3, 1), (0, 0), (2, 0)], 1):
        reception.measure(float(second), partial(Totals, 0, repaired, lost))
    health = reception.health(4.0, None)
    assert (health.repaired, health.lost) == (5, 1)
    for second in range(5, 5 + SPAN):
        reception.measure(float(second), partial(Totals, 0, 2, 0))
    assert reception.health(10.0, None).repaired == 0
