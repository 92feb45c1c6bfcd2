"""The pure parts of scripts/bench swipe: when a picture moves after a swipe, and the bars."""

import math
from typing import Any

import pytest

from scripts.benchmarks.swipe import LIVES, Report, _directions, added_share
from scripts.benchmarks.swipe_gesture import Swipe


def gesture(*samples: tuple[float, int, int, bool, bool], end: float | None = 100) -> Swipe:
    keys = ("now", "index", "hash", "still", "dark")
    value: dict[str, Any] = {
        "end": end,
        "at": 1,
        "samples": [dict(zip(keys, sample, strict=True)) for sample in samples],
    }
    return Swipe.of(value)


def test_a_picture_moves_once_it_changes_after_the_gesture() -> None:
    swipe = gesture(
        (80, 0, 1, False, False),
        (80, 1, 5, True, False),
        (96, 0, 2, False, False),
        (96, 1, 5, True, False),
        (112, 0, 3, False, False),
        (112, 1, 5, True, False),
        (128, 1, 6, False, False),
        (144, 1, 7, False, False),
    )
    assert swipe.moving_after == 44
    assert swipe.dark == 0


def test_a_still_picture_that_changes_does_not_move() -> None:
    swipe = gesture((110, 1, 5, True, True), (120, 1, 6, True, False))
    assert swipe.moving_after == math.inf
    assert swipe.dark == 1
    assert gesture((1, 1, 1, False, False), (2, 1, 2, False, False), end=None).moving_after > 1e9


def test_the_way_of_the_thumb_stays_among_the_lives() -> None:
    ways = _directions(500)
    assert ways == _directions(500) and ways[0] == 1
    place = 0
    for way in ways:
        place += way
        assert 0 <= place < LIVES


def test_a_disturbed_measurement_of_the_cpu_decides_nothing() -> None:
    assert added_share([(10, 10.4), (8, 12), (10, 10.2)]) == pytest.approx(0.04)
    assert added_share([(10, 9.5), (10, 9.9), (10, 10.2)]) == 0


def test_a_report_says_which_bars_are_kept() -> None:
    good = gesture((90, 1, 1, False, False), (120, 1, 2, False, False))
    dark = gesture((90, 1, 1, False, True), (120, 1, 2, False, False))
    report = Report([good] * 20, [good], 0.1, 0.02, [50, 51, 50, 52], {"rooms": 3, "workers": 4})
    assert all(bar.kept for bar in report.bars)
    report = Report(
        [good] * 10 + [dark] * 10, [dark], 0.3, 0.2, [50, 60, 70, 80], {"rooms": 4, "workers": 4}
    )
    missed = [bar.name for bar in report.bars if not bar.kept]
    assert missed == [
        "black frames",
        "bytes that were never seen",
        "CPU of two standbys",
        "memory, last third - first",
        "rooms at once",
    ]
