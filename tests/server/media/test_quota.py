"""How many of the oldest recordings and clips must go."""

import pytest

from server.media.quota import surplus


@pytest.mark.parametrize(
    ("sizes", "total", "most", "number"),
    [
        ([], 0, 10, 0),
        ([5, 5], 10, 10, 0),
        ([5, 5], 11, 10, 1),
        ([1, 1, 9, 1], 25, 15, 3),
        ([0, 0, 5], 11, 10, 3),
        ([5, 5], 100, 10, 2),  # The rest must stay.
        ([5], 4, 0, 1),
    ],
)
def test_the_oldest_go_first(sizes: list[int], total: int, most: int, number: int) -> None:
    assert surplus(sizes, total, most) == number
