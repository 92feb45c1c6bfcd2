"""Segments: where they end, and what they leave out."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from relay.rewind.segments import (
    LARGEST,
    LONGEST,
    SETTLED,
    STEP,
    Segment,
    segment_at,
    segments_of,
)
from relay.stream.window import Frame
from tests.fixtures.media import video_track

SECOND = 1_000_000
PORTRAIT, LANDSCAPE = video_track(48, 64), video_track(64, 48)
ALWAYS = [(0, LANDSCAPE)]


def frames(
    count: int, *, gop: int, start: int = 0, epoch: int = 1, size: int = 1_000, place: int = 0
) -> list[Frame]:
    """Returns frames at 30 Hz from second `start` on, with a keyframe every `gop` frames."""
    return [
        Frame(
            place + n,
            start * 90_000 + n * 3_000,
            start * SECOND + n * SECOND // 30,
            n % gop == 0,
            epoch,
            size,
        )
        for n in range(count)
    ]


def lengths(segments: list[Segment]) -> list[float]:
    return [(segment.end - segment.start) / SECOND for segment in segments]


def test_segments_end_at_keyframes_and_leave_out_the_newest_media() -> None:
    made = segments_of(frames(330, gop=30), ALWAYS, 11 * SECOND)
    assert lengths(made) == [2, 2, 2, 2, 2]
    assert all(segment.key for segment in made)
    assert made[-1].end <= 11 * SECOND - SETTLED
    assert [segment.first for segment in made] == [0, 60, 120, 180, 240]
    assert [segment.following for segment in made] == [60, 120, 180, 240, 300]


def test_a_segment_does_not_depend_on_the_start_of_the_window() -> None:
    """Viewers load the same files although the window moves."""
    every = frames(600, gop=20)
    whole = segments_of(every, ALWAYS, 20 * SECOND)
    later = segments_of(every[130:], ALWAYS, 20 * SECOND)
    shared = {(segment.start, segment.end) for segment in whole}
    assert {(segment.start, segment.end) for segment in later[1:]} <= shared
    assert later[0].key and later[0].end in {segment.end for segment in whole}


def test_a_long_time_without_a_keyframe() -> None:
    made = segments_of(frames(600, gop=10_000), ALWAYS, 20 * SECOND)
    assert [segment.key for segment in made] == [True] + [False] * (len(made) - 1)
    assert max(lengths(made)) <= LONGEST / SECOND
    assert [segment.end for segment in made[:-1]] == [segment.start for segment in made[1:]]


def test_a_large_segment_ends() -> None:
    made = segments_of(frames(60, gop=10_000, size=LARGEST // 4), ALWAYS, 20 * SECOND)
    assert made and all(segment.following - segment.first == 4 for segment in made)


def test_frames_before_the_first_keyframe_are_left_out() -> None:
    made = segments_of(frames(300, gop=60)[1:], ALWAYS, 10 * SECOND)
    assert made[0].start == 2 * SECOND and made[0].key


def test_an_interruption_ends_a_segment_and_is_in_none() -> None:
    before, after = frames(45, gop=30), frames(120, gop=30, start=10, epoch=2, place=45)
    made = segments_of([*before, *after], ALWAYS, 20 * SECOND)
    assert made[0].end == before[-1].media_time + 33_333
    assert made[1].start == 10 * SECOND and made[1].epoch == 2
    assert segment_at(made, 5 * SECOND) is None
    assert segment_at(made, 10 * SECOND) is made[1]


def test_a_new_picture_size_begins_a_segment() -> None:
    changes = [(0, LANDSCAPE), (3 * SECOND, PORTRAIT)]
    made = segments_of(frames(300, gop=30), changes, 10 * SECOND)
    assert [segment.video for segment in made if segment.start < 3 * SECOND] == [LANDSCAPE] * 2
    assert all(segment.video == PORTRAIT for segment in made if segment.start >= 3 * SECOND)
    assert any(segment.start == 3 * SECOND for segment in made)


def test_frames_whose_parameters_are_forgotten_are_left_out() -> None:
    made = segments_of(frames(300, gop=30), [(5 * SECOND, PORTRAIT)], 10 * SECOND)
    assert made[0].start == 5 * SECOND


def test_a_moment_outside_of_the_window() -> None:
    made = segments_of(frames(300, gop=30), ALWAYS, 10 * SECOND)
    assert [segment_at(made, at) for at in (-1, 10 * SECOND, 10**18)] == [None, None, None]
    assert segment_at(made, 0) is made[0] and segment_at(made, made[0].end) is made[1]
    assert segments_of([], ALWAYS, 0) == []


def stream(steps: list[tuple[int, bool, bool]]) -> Iterator[Frame]:
    dts, epoch = 0, 1
    for place, (step, key, interrupted) in enumerate(steps):
        dts += step
        epoch += interrupted
        yield Frame(place, dts, dts * 100 // 9, key, epoch, 100)


@given(
    st.lists(
        st.tuples(st.integers(1, 200_000), st.booleans(), st.sampled_from([False] * 9 + [True])),
        max_size=200,
    )
)
def test_any_window(steps: list[tuple[int, bool, bool]]) -> None:
    """Segments are in order and do not overlap. Each segment can be decoded after the previous
    segment.
    """
    every = list(stream(steps))
    newest = every[-1].media_time if every else 0
    made = segments_of(every, ALWAYS, newest)
    for before, after in zip(made, made[1:], strict=False):
        assert before.end <= after.start or before.epoch != after.epoch
        assert before.following <= after.first
        assert after.key or (before.following == after.first and before.epoch == after.epoch)
    for segment in made:
        inside = every[segment.first : segment.following]
        assert {frame.epoch for frame in inside} == {segment.epoch}
        assert inside[0].media_time == segment.start and segment.end > segment.start
        assert not any(
            frame.key and frame.media_time // STEP != segment.start // STEP for frame in inside[1:]
        )
    assert not made or made[0].key
