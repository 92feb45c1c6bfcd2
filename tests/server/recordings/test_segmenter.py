"""The segments of a recording: nothing is lost, and all durations are exact."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.media import opus
from relay.media.bmff_reader import read_fragment, read_init
from relay.sample import Sample, Track, TrackInfo
from server.recordings.segmenter import (
    SCALE,
    SEGMENT_BYTES,
    STARTS_AT_ONCE,
    Piece,
    Segment,
    Segmenter,
)
from tests.fixtures import media

VIDEO, AUDIO = media.video_track(), opus.track_info()
LARGE = media.video_track(128, 96)
FRAME = SCALE // 30
ORIGIN = 10 * SCALE


def frame(number: int, *, gop: int = 60, epoch: int = 1, size: int = 6) -> Sample:
    """The frame with this number, of a stream with 30 frames per second."""
    data = number.to_bytes(4, "big") + bytes(max(size - 4, 0))
    return media.video_sample(
        ORIGIN + number * FRAME, key=number % gop == 0, data=data, epoch=epoch
    )


def sound(number: int, *, epoch: int = 1) -> Sample:
    data = b"\xf8" + number.to_bytes(4, "big")
    return media.sound_sample(ORIGIN * 8 // 15 + number * 960, data=data, epoch=epoch)


def live(first: float, last: float, *, late: float = 0.0, **options: int) -> list[Sample]:
    """The samples from second `first` to second `last`, as published. `late`: seconds by which the
    audio arrives later than the video.
    """
    frames = [frame(n, **options) for n in range(round(first * 30), round(last * 30))]
    epoch = options.get("epoch", 1)
    sounds = [sound(n, epoch=epoch) for n in range(round(first * 50), round(last * 50))]
    return sorted(
        [*frames, *sounds],
        key=lambda each: each.media_time + (each.track is Track.AUDIO) * late * 1e6,
    )


def record(
    items: Iterable[Sample | TrackInfo], segmenter: Segmenter | None = None
) -> tuple[list[Piece], list[Segment]]:
    segmenter = segmenter or Segmenter()
    found = [output for item in items for output in segmenter.receive(item)]
    found += segmenter.end()
    segments = [each for each in found if isinstance(each, Segment)]
    return [each for each in found if isinstance(each, Piece)], segments


def tracks(segmenter: Segmenter) -> None:
    for info in (VIDEO, AUDIO):
        segmenter.receive(info)


def samples_of(segments: Sequence[Segment], track: Track) -> list[Sample]:
    return [
        sample
        for segment in segments
        for run in segment.runs
        if run[0].track is track
        for sample in run
    ]


def contents(samples: Iterable[Sample]) -> list[tuple[int, bytes]]:
    return [(sample.dts, sample.data) for sample in samples]


def assert_joined(segments: Sequence[Segment]) -> None:
    """The segments, and the frames in them, follow each other without a gap."""
    for one, other in zip(segments, segments[1:], strict=False):
        assert one.media_time + one.duration == other.media_time
    frames = samples_of(segments, Track.VIDEO)
    for before, after in zip(frames, frames[1:], strict=False):
        assert before.dts + before.duration == after.dts


@pytest.mark.parametrize("late", [0.0, 0.15, -0.15])
def test_segments_begin_at_keyframes_and_hold_every_sample(late: float) -> None:
    """The audio arrives with the video, later or earlier."""
    published = live(0, 13, late=late)
    pieces, segments = record([VIDEO, AUDIO, *published])
    assert [(each.piece, each.width, each.height) for each in pieces] == [(1, 64, 48)]
    assert [segment.sequence for segment in segments] == [1, 2, 3, 4]
    assert [segment.duration for segment in segments[:3]] == [4_000_000] * 3
    assert all(segment.runs[0][0].key for segment in segments)
    assert_joined(segments)
    first = next(sample for sample in published if sample.key and sample.track is Track.VIDEO)
    for track in Track:
        expected = [
            sample for sample in published[published.index(first) :] if sample.track is track
        ]
        assert contents(samples_of(segments, track)) == contents(expected)
    for segment in segments[:3]:
        (run,) = (run for run in segment.runs if run[0].track is Track.AUDIO)
        assert run[0].media_time >= segment.media_time
        assert run[-1].media_time < segment.media_time + segment.duration


def test_a_segment_can_be_read_again() -> None:
    pieces, segments = record([VIDEO, AUDIO, *live(0, 5)])
    tracks = read_init(pieces[0].init)
    assert tracks == (VIDEO, AUDIO)
    for segment in segments:
        written = [sample for run in segment.runs for sample in run]
        found = read_fragment(segment.data(), tracks, segment.epoch)
        assert sorted(contents(found)) == sorted(contents(written))
        assert sum(each.duration for each in found) == sum(each.duration for each in written)


def test_a_new_picture_size_begins_a_piece() -> None:
    pieces, segments = record([VIDEO, AUDIO, *live(0, 2), LARGE, *live(2, 8)])
    assert [(each.piece, each.width, each.media_time) for each in pieces] == [
        (1, 64, 10_000_000),
        (2, 128, 12_000_000),
    ]
    assert [(each.piece, each.duration) for each in segments[:2]] == [
        (1, 2_000_000),
        (2, 4_000_000),
    ]
    assert_joined(segments)


def test_the_same_tracks_again_begin_no_piece() -> None:
    """A publisher that returns sends the same tracks again."""
    again = live(30, 34, epoch=2)
    pieces, segments = record([VIDEO, AUDIO, *live(0, 4), VIDEO, AUDIO, *again])
    assert len(pieces) == 1
    assert [(each.epoch, each.piece) for each in segments] == [(1, 1), (2, 1)]


def test_an_interruption_is_left_out() -> None:
    """The last frame lasts as long as the frame before. A new session begins with a keyframe."""
    returned = [each for each in live(31.5, 36, epoch=2)]
    _, segments = record([VIDEO, AUDIO, *live(0, 5), *returned])
    before, after = segments[1], segments[2]
    assert before.media_time + before.duration == pytest.approx(15_000_000, abs=20_000)
    assert after.media_time == 10_000_000 + 32_000_000, "the first keyframe of the new session"
    assert after.runs[0][0].key
    assert samples_of(segments[2:], Track.AUDIO)[0].media_time >= after.media_time


def test_a_pause_of_the_same_session_is_left_out_too() -> None:
    """No sample is lost: the encoder continues where it stopped."""
    published = [*live(0, 5), *live(9.3, 14)]
    _, segments = record([VIDEO, AUDIO, *published])
    gap = next(each for each in segments if each.media_time >= 19_000_000)
    assert gap.media_time == pytest.approx(19_300_000, abs=34_000)
    assert len(samples_of(segments, Track.VIDEO)) == sum(
        each.track is Track.VIDEO for each in published
    )
    assert len(samples_of(segments, Track.AUDIO)) == sum(
        each.track is Track.AUDIO for each in published
    )


def test_audio_alone_is_recorded_while_the_camera_stands_still() -> None:
    frames = [frame(n) for n in range(60)]
    sounds = [sound(n) for n in range(50 * 30)]
    items = sorted([*frames, *sounds], key=lambda each: each.media_time)
    _, segments = record([VIDEO, AUDIO, *items])
    assert len(samples_of(segments, Track.AUDIO)) == 1_500
    assert all(segment.duration <= 20_100_000 for segment in segments)
    (run,) = (run for run in segments[0].runs if run[0].track is Track.VIDEO)
    assert run[-1].duration > 17 * SCALE, "the last frame stays until the end of the segment"
    assert_joined(segments)


def test_without_keyframes_a_segment_ends_anyway() -> None:
    """A publisher may ignore the demands for keyframes."""
    segmenter = Segmenter()
    _, segments = record([VIDEO, AUDIO, *live(0, 45, gop=100_000)], segmenter)
    assert [segment.duration for segment in segments[:2]] == [20_000_000] * 2
    assert len(samples_of(segments, Track.VIDEO)) == 45 * 30
    assert segmenter.wants_key


def test_a_large_segment_ends_early() -> None:
    size = SEGMENT_BYTES // 40
    _, segments = record([VIDEO, *(frame(n, gop=1_000, size=size) for n in range(100))])
    assert len(segments) == 3
    assert all(len(segment.data()) < SEGMENT_BYTES + 2 * size for segment in segments)


def test_a_keyframe_is_wanted_after_some_time() -> None:
    segmenter = Segmenter()
    wanted = [segmenter.wants_key]
    tracks(segmenter)
    for first, last in ((0.0, 1.5), (1.5, 1.9), (1.9, 2.1)):
        for item in live(first, last):
            segmenter.receive(item)
        wanted.append(segmenter.wants_key)
    assert wanted == [False, False, True, False]


def test_samples_are_left_out_until_a_keyframe_after_a_skip() -> None:
    segmenter = Segmenter()
    tracks(segmenter)
    found = [output for item in live(0, 3) for output in segmenter.receive(item)]
    found += segmenter.skip()
    assert segmenter.wants_key
    found += [output for item in live(3.2, 9) for output in segmenter.receive(item)]
    found += segmenter.end()
    segments = [each for each in found if isinstance(each, Segment)]
    assert [each.media_time for each in segments][:2] == [10_000_000, 14_000_000]


def test_a_restart_continues_the_numbers() -> None:
    (piece,), segments = record([VIDEO, AUDIO, *live(0, 5)])
    again = Segmenter(segments[-1].sequence, piece)
    pieces, more = record([VIDEO, AUDIO, *live(10, 15)], again)
    assert not pieces, "the tracks are the same"
    assert [(each.sequence, each.piece) for each in more] == [(3, 1), (4, 1)]
    pieces, _ = record([LARGE, AUDIO, *live(20, 25)], Segmenter(4, piece))
    assert [each.piece for each in pieces] == [2]


def test_a_publisher_cannot_make_any_number_of_segments() -> None:
    """A new picture size with each keyframe, 30 times a second, for a minute."""
    items: list[Sample | TrackInfo] = [AUDIO]
    for number in range(30 * 60):
        items += [replace(VIDEO, width=number + 1), frame(number, gop=1)]
    pieces, segments = record(items)
    assert len(pieces) == len(segments) <= STARTS_AT_ONCE + 31


def test_frames_that_go_back_are_left_out() -> None:
    items = [frame(0), frame(1), frame(1), frame(0), frame(2)]
    _, segments = record([VIDEO, *items])
    assert contents(samples_of(segments, Track.VIDEO)) == contents([frame(n) for n in range(3)])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["frame", "key", "sound", "track", "epoch", "skip"]),
            st.integers(0, 2 * SCALE),
        ),
        max_size=60,
    )
)
def test_any_order_of_samples_gives_valid_segments(steps: list[tuple[str, int]]) -> None:
    """Durations are positive, sequences ascend, and every segment belongs to a known piece."""
    segmenter, epoch, ticks, width = Segmenter(), 1, ORIGIN, 1
    found: list[Piece | Segment] = []
    for what, step in [("track", 0), *steps]:
        ticks += step
        if what == "track":
            width += 1
            found += segmenter.receive(replace(VIDEO, width=width))
            found += segmenter.receive(AUDIO)
        elif what == "epoch":
            epoch += 1
        elif what == "skip":
            found += segmenter.skip()
        elif what == "sound":
            found += segmenter.receive(media.sound_sample(ticks * 8 // 15, epoch=epoch))
        else:
            found += segmenter.receive(media.video_sample(ticks, key=what == "key", epoch=epoch))
    found += segmenter.end()
    known: set[int] = set()
    sequence = 0
    for output in found:
        if isinstance(output, Piece):
            known.add(output.piece)
            continue
        sequence += 1
        assert (output.sequence, output.duration > 0) == (sequence, True)
        assert output.piece in known
        assert all(sample.duration > 0 for run in output.runs for sample in run)
        assert output.data()
