"""Parts and segments from any media that a publisher may send."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.hls.segmenter import (
    PART_LEAST,
    PART_TARGET,
    SCALE,
    SEGMENT_MOST,
    TARGET_DURATION,
    Part,
    Segmenter,
)
from relay.media.aac import FRAME, TRACK
from relay.media.bmff import track_id
from relay.sample import Sample, Track
from tests.fixtures.media import (
    decode_times,
    presentation_times,
    video_sample,
    video_track,
)

START = 900_000


def frame(ticks: int, *, epoch: int = 1) -> Sample:
    """An AAC frame."""
    return Sample(Track.AUDIO, ticks, ticks, b"aac", True, False, FRAME, 0, 0, epoch)


def with_sound(pictures: list[Sample]) -> list[Sample]:
    first, last = pictures[0].dts, pictures[-1].dts
    sounds = [frame(ticks) for ticks in range(first * 8 // 15, last * 8 // 15, FRAME)]
    return sorted(
        [*pictures, *sounds],
        key=lambda sample: (
            Fraction(sample.dts, SCALE if sample.track is Track.VIDEO else 48_000),
            sample.track,
        ),
    )


def run(pictures: list[Sample], segmenter: Segmenter | None = None) -> list[Part]:
    segmenter = segmenter or segmenter_of()
    parts = [part for sample in with_sound(pictures) for part in segmenter.receive(sample)]
    return parts + segmenter.end()


def segmenter_of(width: int = 64) -> Segmenter:
    made = Segmenter(TRACK)
    made.receive_track(video_track(width))
    return made


def segments_of(parts: list[Part]) -> list[list[Part]]:
    segments: list[list[Part]] = []
    for part in parts:
        if part.start:
            segments.append([])
        segments[-1].append(part)
    return segments


def regular(count: int, *, step: int = 3_000, keys: int = 60, start: int = START) -> list[Sample]:
    return [video_sample(start + n * step, key=n % keys == 0) for n in range(count)]


@st.composite
def pictures(draw: st.DrawFn) -> list[Sample]:
    """Frames of any rate, constant or not, with keyframes anywhere."""
    steps = draw(
        st.lists(st.tuples(st.integers(1, 60_000), st.booleans()), min_size=1, max_size=150)
    )
    at, made = START, [video_sample(START, key=True)]
    for step, key in steps:
        at += step
        made.append(video_sample(at, key=key))
    return made


@settings(deadline=None)
@given(pictures())
def test_whatever_comes_every_limit_is_kept(given_pictures: list[Sample]) -> None:
    parts = run(given_pictures)
    segments = segments_of(parts)
    assert all(0 < part.duration <= PART_TARGET for part in parts)
    for segment in segments:
        assert all(part.duration >= PART_LEAST or part.independent for part in segment[:-1])
        length = sum(part.duration for part in segment)
        assert length <= SEGMENT_MOST and round(length / SCALE) <= TARGET_DURATION
    end = given_pictures[-1].dts
    assert 0 <= START + sum(part.duration for part in parts) - end <= SCALE // 5, (
        "the parts do not cover the media, from end to end"
    )


@settings(deadline=None)
@given(pictures())
def test_nothing_is_lost_doubled_or_moved(given_pictures: list[Sample]) -> None:
    parts = run(given_pictures)
    assert parts[0].start is not None
    media = parts[0].start.init + b"".join(part.data for part in parts)
    times = presentation_times(media)
    assert times["video"] == [picture.pts for picture in given_pictures]
    decoded = decode_times(media)["video"]
    assert decoded == sorted(set(decoded)), "a frame is decoded before the frame before it"
    assert all(
        after - before == FRAME
        for before, after in zip(times["audio"], times["audio"][1:], strict=False)
    )


@settings(deadline=None)
@given(pictures())
def test_the_video_of_a_part_begins_where_the_playlist_says(given_pictures: list[Sample]) -> None:
    """It is decoded from there on, even if the part begins in the middle of a frame."""
    for part in run(given_pictures):
        if not part.data:
            continue
        track, at = part.data.index(b"tfhd") + 8, part.data.index(b"tfdt") + 8
        if int.from_bytes(part.data[track : track + 4]) == track_id(Track.VIDEO):
            assert int.from_bytes(part.data[at : at + 8]) == part.began


def test_at_thirty_frames_a_second_parts_are_six_frames_and_a_segment_begins_with_its_idr() -> None:
    segments = segments_of(run(regular(300)))
    assert [len(segment) for segment in segments[:4]] == [10] * 4
    assert {part.duration for segment in segments for part in segment} == {18_000}
    assert all(
        segment[0].independent and not any(part.independent for part in segment[1:])
        for segment in segments
    )
    assert all(segment[-1].last for segment in segments[:-1])


@pytest.mark.parametrize("fps", [15, 20, 24, 25, 30, 50, 60])
def test_at_usual_frame_rates_parts_have_whole_frames(fps: int) -> None:
    frames = regular(6 * fps, step=SCALE // fps, keys=2 * fps)
    began, starts = frames[0].dts, {frame.dts for frame in frames}
    for segment in segments_of(run(frames))[:-1]:
        for part in segment:
            assert began in starts
            began += part.duration


def test_without_idrs_it_is_cut_all_the_same() -> None:
    segments = segments_of(run(regular(400, keys=1_000)))
    assert len(segments) > 4
    assert not any(part.independent for segment in segments[1:] for part in segment)
    assert not any(segment[0].start and segment[0].start.discontinuity for segment in segments)


def test_a_part_is_out_as_soon_as_the_picture_behind_it_is_here() -> None:
    segmenter = segmenter_of()
    out = [segmenter.receive(sample) for sample in regular(7)]
    assert out[:6] == [[]] * 6 and len(out[6]) == 1


def test_a_new_sps_begins_a_segment_with_another_map() -> None:
    segmenter = segmenter_of()
    parts = [part for sample in regular(20) for part in segmenter.receive(sample)]
    segmenter.receive_track(video_track(128))
    parts += [
        part for sample in regular(40, start=START + 60_000) for part in segmenter.receive(sample)
    ]
    first, second = segments_of(parts)
    assert first[0].start and second[0].start
    assert second[0].start.discontinuity and second[0].start.init != first[0].start.init
    assert first[-1].last and sum(part.duration for part in first) == 60_000, (
        "the old parameters hold up to the IDR, not a picture longer"
    )


def test_while_nothing_comes_there_are_parts_without_media_and_then_a_discontinuity() -> None:
    segmenter = segmenter_of()
    parts = [part for sample in regular(30) for part in segmenter.receive(sample)]
    end = START + 90_000
    absent = segmenter.gap(end + 450_000)
    assert absent[0].data and absent[0].last, "what was there is the end of its segment"
    gaps = absent[1:]
    assert (
        all(part.gap and part.duration == PART_TARGET for part in gaps)
        and len(gaps) == 450_000 // PART_TARGET
    )
    assert segmenter.receive(video_sample(end + 470_000)) == [], (
        "nothing can be decoded before an IDR"
    )
    back = [
        part for sample in regular(20, start=end + 480_000) for part in segmenter.receive(sample)
    ]
    assert (
        back[0].start
        and back[0].start.discontinuity
        and back[0].start.date == regular(1, start=end + 480_000)[0].capture
    )
    for segment in segments_of([*parts, *absent, *back]):
        assert sum(part.duration for part in segment) <= SEGMENT_MOST


def test_while_pictures_stall_parts_go_on_with_the_sound() -> None:
    segmenter = segmenter_of()
    for sample in with_sound(regular(5)):
        segmenter.receive(sample)
    for ticks in range(480_000 + 5 * 1_600, 480_000 + 96_000, FRAME):
        segmenter.receive(frame(ticks))
    parts = segmenter.stall(START + 180_000)
    assert [part.duration for part in parts] == [PART_TARGET] * 9
    assert all(part.data for part in parts)


def test_another_epoch_is_a_discontinuity_and_waits_for_its_idr() -> None:
    segmenter = segmenter_of()
    parts = [part for sample in regular(30) for part in segmenter.receive(sample)]
    later = START + 100_000
    assert segmenter.receive(video_sample(later, epoch=2)) == []
    parts += segmenter.receive(video_sample(later + 3_000, key=True, epoch=2))
    assert parts[-1].last
    after = [
        part
        for n in range(1, 20)
        for part in segmenter.receive(video_sample(later + 3_000 + n * 3_000, epoch=2))
    ]
    assert after[0].start and after[0].start.discontinuity
