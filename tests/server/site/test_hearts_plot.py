"""The shape of the hearts over a live."""

import re

from hypothesis import given
from hypothesis import strategies as st

from server.site.hearts_plot import HEIGHT, MAX_POINTS, WIDTH, clock, hearts_plot


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


def test_the_highest_point_is_where_most_hearts_are() -> None:
    plot = hearts_plot([0, 3, 12, 0], 5)
    assert plot and plot.most_at == 10
    x, y = min(points(plot.line), key=lambda point: point[1])
    assert x == WIDTH * 2.5 / 4 and y == 4
    assert plot.area.startswith(plot.line) and plot.area.endswith("Z")


def test_no_hearts_and_no_live() -> None:
    assert hearts_plot([0, 0], 5) is None and hearts_plot([], 5) is None


def test_one_step_is_a_level_line() -> None:
    plot = hearts_plot([7], 5)
    assert plot and {y for _, y in points(plot.line)} == {4.0}


@given(st.lists(st.integers(0, 10**9), max_size=720), st.integers(5, 600))
def test_every_point_is_inside(counts: list[int], step: int) -> None:
    plot = hearts_plot(counts, step)
    if plot is None:
        return
    found = points(plot.line)
    assert (found[0][0], found[-1][0]) == (0, WIDTH) and len(found) <= MAX_POINTS + 2
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in found)
    assert found == sorted(found, key=lambda point: point[0])


def test_durations() -> None:
    assert [clock(seconds) for seconds in (0, 65, 3_600, 36_065)] == [
        "0:00",
        "1:05",
        "1:00:00",
        "10:01:05",
    ]
