"""Reports of viewers, with any content."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from server.rooms.beacon import MAX_COUNT, MAX_DELAY, OTHER, PLAYERS, Beacon, read_beacon

STRINGS = st.sampled_from(["", "mse", "whep", "mse\0", "x" * 4_000])
ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.just(10**400)
    | STRINGS
    | st.lists(st.integers())
    | st.dictionaries(STRINGS, st.none())
)
NAMES = ("player", "playing", "behind_lens", "stalls", "first_picture")


def test_a_complete_beacon() -> None:
    text = (
        '{"type":"report","media_time":5,"player":"mse","playing":true,"behind_lens":152,'
        '"stalls":2,"first_picture":88}'
    )
    assert read_beacon(json.loads(text)) == Beacon("mse", True, 152.0, 2, 88.0)


def test_an_old_report() -> None:
    """The first version of the protocol had none of these figures."""
    assert read_beacon({"type": "report", "media_time": 5}) == Beacon()


def test_impossible_numbers_are_left_out() -> None:
    """Even reduced to the limit, they would distort the sums over all viewers."""
    assert read_beacon(
        {"behind_lens": 1e300, "stalls": 10**400, "first_picture": -7, "player": "x" * 4_000}
    ) == Beacon(OTHER)
    assert (
        read_beacon(
            json.loads('{"behind_lens":NaN,"stalls":true,"first_picture":Infinity,"playing":1}')
        )
        == Beacon()
    )
    assert read_beacon({"behind_lens": MAX_DELAY, "stalls": MAX_COUNT}) == Beacon(
        behind_lens=MAX_DELAY, stalls=MAX_COUNT
    )


def test_a_slightly_wrong_clock_gives_a_delay_of_zero() -> None:
    assert read_beacon({"behind_lens": -12}) == Beacon(behind_lens=0.0)
    assert read_beacon({"behind_lens": -1_001}) == Beacon()


@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_anything_makes_a_beacon_within_bounds(report: dict[str, object]) -> None:
    beacon = read_beacon(report)
    assert beacon.player in PLAYERS | {OTHER}
    assert beacon.playing in (None, True, False)
    for value, most in (
        (beacon.behind_lens, MAX_DELAY),
        (beacon.first_picture, MAX_DELAY),
        (beacon.stalls, MAX_COUNT),
    ):
        assert value is None or (math.isfinite(value) and 0 <= value <= most)
