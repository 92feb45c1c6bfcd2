"""What a clip contains: where it begins and ends, and which picture size it shows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.sample import Sample, Track, TrackInfo
from server.clips.cut import (
    LEAD,
    LONGEST,
    SHORTEST,
    TOLERANCE,
    Cut,
    CutProblem,
    CutRefused,
    cut,
    stretch,
)
from tests.fixtures import live_samples as live

S = 1_000_000
TRACKS = [(10 * S, live.track())]
TURNED = (48, 64)


def minute() -> list[Sample]:
    """A minute of a live, from 10 s to 70 s."""
    return live.together(live.video(60), live.sound(60))


def problem(samples: list[Sample], start: float, end: float) -> CutProblem:
    with pytest.raises(CutRefused) as caught:
        cut(samples, TRACKS, round(start * S), round(end * S))
    return caught.value.problem


def ends(clip: Cut) -> tuple[float, float]:
    return clip.start / S, clip.end / S


def test_a_clip_begins_at_a_keyframe_and_ends_at_its_frame() -> None:
    """The clip begins at the last keyframe before the requested start, and ends with the frame at
    the requested end.
    """
    samples = minute()
    clip = cut(samples, TRACKS, 31 * S, round(45.5 * S))
    assert ends(clip) == (30, 45.5)
    assert clip.video[0].key and clip.video[0] in samples
    assert [sample.media_time for sample in clip.keyframes] == [at * S for at in range(30, 46, 2)]
    assert clip.video == [
        s for s in samples if s.track is Track.VIDEO and 30 * S <= s.media_time < 45.5 * S
    ]


def test_keyframes_as_ends_are_kept_exactly() -> None:
    clip = cut(minute(), TRACKS, 30 * S, 50 * S)
    assert ends(clip) == (30, 50)
    again = stretch(minute(), TRACKS, 50 * S).trimmed(clip.start, clip.end)
    assert ends(again) == ends(clip)


def test_the_audio_goes_beyond_both_ends() -> None:
    """The encoder needs some audio before the first and after the last frame."""
    clip = cut(minute(), TRACKS, 30 * S, 50 * S)
    assert 30 * 48_000 - LEAD <= clip.audio[0].dts < 30 * 48_000 - LEAD + 960
    assert clip.audio[-1].dts > 50 * 48_000


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (30, 34, CutProblem.TOO_SHORT),
        (50, 30, CutProblem.TOO_SHORT),
        (0, 600, CutProblem.TOO_LONG),
        (0, 8, CutProblem.GONE),
        (80, 90, CutProblem.GONE),
        (5, 12, CutProblem.TOO_SHORT),
        (68, 100, CutProblem.TOO_SHORT),
    ],
)
def test_what_is_no_clip(start: float, end: float, expected: CutProblem) -> None:
    """The range is too short, negative, too long, or fully or mostly outside of the samples."""
    assert problem(minute(), start, end) is expected


def test_nothing_to_cut() -> None:
    """There are no samples, no keyframe, or only audio."""
    for samples in ([], live.video(10)[1:50], live.sound(20)):
        assert problem(samples, 10, 20) is CutProblem.TOO_SHORT


def test_a_clip_ends_at_the_newest_frame() -> None:
    """The last frame lasts as long as the others."""
    clip = cut(live.video(20), TRACKS, 20 * S, 31 * S)
    assert ends(clip) == (20, 30)


def turned(first: float, second: float) -> tuple[list[Sample], list[tuple[int, TrackInfo]]]:
    """A live whose picture turns after `first` seconds."""
    width, height = TURNED
    begin = 10 + first
    samples = live.together(
        live.video(first),
        live.video(second, start=begin, width=width, height=height),
        live.sound(first + second),
    )
    return samples, [*TRACKS, (round(begin * S), live.track(width, height))]


@pytest.mark.parametrize(
    ("tap", "expected", "size"),
    [(20, (10, 30), (64, 48)), (32, (30, 40), TURNED), (30, (30, 40), TURNED)],
)
def test_a_clip_never_crosses_a_change_of_the_picture(
    tap: float, expected: tuple[float, float], size: tuple[int, int]
) -> None:
    """The clip stays on the side of the tap, and the whole stretch also ends at the change."""
    samples, tracks = turned(20, 10)
    whole = stretch(samples, tracks, round(tap * S))
    assert ends(whole) == expected and (whole.info.width, whole.info.height) == size
    clip = cut(samples, tracks, 22 * S, 38 * S, tap=round(tap * S))
    assert ends(clip) == ((22, 30) if expected[0] == 10 else (30, 38))


@pytest.mark.parametrize("lasts", [0.5, 1.9, 3.0])
def test_a_short_size_at_the_tap_is_left_out(lasts: float) -> None:
    """The clip ends before the new size, until the new size lasts for a whole clip."""
    samples, tracks = turned(20, lasts)
    assert ends(stretch(samples, tracks, round((30 + lasts) * S))) == (10, 30)
    assert ends(cut(samples, tracks, 25 * S, round((30 + lasts) * S))) == (24, 30)


def test_sizes_of_the_first_seconds_are_left_out() -> None:
    samples, tracks = turned(1.5, 20)
    assert ends(cut(samples, tracks, 10 * S, 20 * S)) == (11.5, 20)
    assert ends(stretch(samples, tracks, 10 * S)) == (11.5, 31.5)


def test_the_same_parameters_again_change_nothing() -> None:
    """A publisher that returns announces its track again."""
    tracks = [*TRACKS, (20 * S, live.track())]
    assert ends(cut(live.video(30), tracks, 15 * S, 25 * S)) == (14, 25)


@pytest.mark.parametrize(("away", "expected"), [(1.5, (10, 41.5)), (20, (50, 60))])
def test_an_interruption(away: float, expected: tuple[float, float]) -> None:
    """The clip contains a short interruption, and shows the last frame meanwhile. A long
    interruption ends the stretch.
    """
    samples = live.together(
        live.video(20), live.sound(20),
        live.video(10, start=30 + away, epoch=2), live.sound(10, start=30 + away, epoch=2),
    )  # fmt: skip
    whole = stretch(samples, TRACKS, round((39 + away) * S))
    assert ends(whole) == expected
    if away > 2:
        assert ends(stretch(samples, TRACKS, 25 * S))[1] == pytest.approx(30, abs=0.001)


def test_a_camera_that_pauses_is_no_interruption() -> None:
    """While the publisher stays, the clip holds the last frame."""
    samples = live.together(live.video(10), live.video(10, start=24), live.sound(24))
    assert ends(stretch(samples, TRACKS, 30 * S)) == (10, 34)


def test_reordered_frames_end_where_all_earlier_frames_are_shown() -> None:
    """I P B B P B B: a clip ends before a P-frame, not between it and its B-frames."""
    order = [2, 5, 3, 4, 8, 6, 7]
    samples = []
    for repeat in range(60):
        for index, place in enumerate(order if repeat else [2, 5, 3, 4, 8, 6, 7]):
            dts = 900_000 + (repeat * 7 + index) * 3_000
            pts = 900_000 + (repeat * 7 + place) * 3_000
            samples.append(
                Sample(Track.VIDEO, dts, pts, b"\0\0\0\1e", index == 0, False, 0, 0, 0, 1)
            )
    for end in range(17 * S, 18 * S, 20_000):
        clip = cut(samples, TRACKS, 11 * S, end)
        shown = sorted(sample.pts for sample in clip.video)
        assert shown == list(range(shown[0], clip.end_ticks, 3_000)), "all frames, each once"
        assert 0 <= clip.end - end <= 100_000


@settings(max_examples=60)
@given(start=st.integers(0, 80 * S), length=st.integers(-10 * S, 100 * S))
def test_any_request_gives_a_clip_within_the_limits_or_a_reason(start: int, length: int) -> None:
    samples = _MINUTE
    try:
        clip = cut(samples, TRACKS, start, start + length)
    except CutRefused as refused:
        assert refused.problem in CutProblem
        return
    assert SHORTEST - TOLERANCE <= clip.duration <= LONGEST + TOLERANCE
    assert clip.video[0].key and clip.start <= max(start, 10 * S) and clip.end <= 70 * S
    assert all(a.dts < b.dts for a, b in zip(clip.video, clip.video[1:], strict=False))


_MINUTE = minute()
