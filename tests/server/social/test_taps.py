"""The notice `taps`, with any content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import MessageError
from server.social.taps import BINS, EMOJI, MAX_PER_BIN, SECONDS_BACK, read_taps

SECOND = 1_000_000
EDGE = 100 * SECOND
HEART, FIRE = EMOJI.index("heart"), EMOJI.index("fire")

ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.just(10**400)
    | st.text(max_size=3)
    | st.lists(st.integers(-2, 90) | st.booleans() | st.floats(), max_size=7)
)


def taps(at: object, **counts: object) -> list[tuple[int, int, int]]:
    return read_taps({"type": "taps", "media_time": at, "counts": counts}, 0, EDGE)


def test_the_taps_of_one_second() -> None:
    assert taps(90 * SECOND, heart=[1, 0, 2], fire=[1]) == [
        (90 * SECOND, HEART, 3),
        (90 * SECOND, FIRE, 1),
    ]


def test_the_bins_of_a_notice_lie_in_the_seconds_that_the_viewer_saw() -> None:
    at = 91 * SECOND - 200_000
    assert taps(at, heart=[1, 1, 1, 1, 1]) == [(at, HEART, 2), (91 * SECOND, HEART, 3)]
    assert taps(at, heart=[0, 0, 0, 0, 1]) == [(91 * SECOND, HEART, 1)]


def test_a_media_time_is_within_the_last_seconds() -> None:
    """A viewer with another clock cannot put taps into the future or into an old moment."""
    assert taps(2**70, heart=[1]) == [(EDGE, HEART, 1)]
    assert taps(2**70, heart=[1] * 5) == [(EDGE, HEART, 5)]
    assert taps(-1, heart=[1]) == [(EDGE - SECONDS_BACK * SECOND, HEART, 1)]
    assert read_taps({"media_time": 5, "counts": {"heart": [1]}}, 0, 0) == [(0, HEART, 1)]


def test_a_notice_without_a_media_time_counts_where_the_last_report_was() -> None:
    assert read_taps({"counts": {"heart": [1]}}, 95 * SECOND, EDGE) == [(95 * SECOND, HEART, 1)]


def test_counts_are_limited() -> None:
    assert taps(EDGE, heart=[10**9]) == [(EDGE, HEART, MAX_PER_BIN)]
    assert taps(EDGE, heart=[0, 0], fire=[]) == []


def test_unknown_emoji_are_ignored() -> None:
    """A newer page may know more of them."""
    assert taps(EDGE, rocket=["x"], heart=[1]) == [(EDGE, HEART, 1)]


@pytest.mark.parametrize(
    "notice",
    [
        {},
        {"counts": [1]},
        {"counts": {"heart": 1}},
        {"counts": {"heart": [1] * (BINS + 1)}},
        {"counts": {"heart": [-1]}},
        {"counts": {"heart": [True]}},
        {"counts": {"heart": [0.5]}},
        {"counts": {"heart": [1]}, "media_time": "5"},
        {"counts": {"heart": [1]}, "media_time": None},
        {"counts": {"heart": [1]}, "media_time": float("nan")},
    ],
)
def test_a_malformed_notice_is_refused(notice: dict[str, object]) -> None:
    with pytest.raises(MessageError):
        read_taps(notice, 0, EDGE)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "media_time": ANYTHING,
            "counts": st.dictionaries(st.sampled_from([*EMOJI, "x"]), ANYTHING) | ANYTHING,
        },
    ),
    st.integers(-1, 2 * EDGE),
    st.integers(0, EDGE),
)
def test_any_notice_gives_limited_taps_or_an_error(
    notice: dict[str, object], seen: int, edge: int
) -> None:
    try:
        found = read_taps(notice, seen, edge)
    except MessageError:
        return
    for at, emoji, number in found:
        assert max(0, edge - SECONDS_BACK * SECOND) <= at <= edge
        assert 0 <= emoji < len(EMOJI) and 1 <= number <= BINS * MAX_PER_BIN
    assert len(found) <= 2 * len(EMOJI)
