"""Reading init segments and fragments, against the writer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BitstreamError
from relay.media import bmff, opus
from relay.media.bmff_reader import read_fragment, read_init
from relay.sample import Sample, Track
from tests.fixtures import media

TRACKS = (media.video_track(720, 1280, "high"), opus.track_info())
EPOCH = 7


def frames(start: int, durations: list[int]) -> list[Sample]:
    """Returns frames from `start` on. The first frame is a keyframe, and every third frame is
    disposable.
    """
    found = []
    for index, duration in enumerate(durations):
        data = bytes((index % 256,)) * (index + 1)
        frame = media.video_sample(
            start, key=index == 0, data=data, disposable=index % 3 == 2, epoch=EPOCH
        )
        found.append(frame.lasting(duration))
        start += duration
    return found


def sounds(start: int, count: int) -> list[Sample]:
    return [
        media.sound_sample(start + 960 * index, data=b"\xf8" + bytes((index,)), epoch=EPOCH)
        for index in range(count)
    ]


def timeless(samples: list[Sample]) -> list[tuple[object, ...]]:
    """Returns the members of the samples that a fragment contains: all but the times of the wall
    clock.
    """
    return [
        (s.track, s.dts, s.pts, s.media_time, s.data, s.key, s.disposable, s.duration, s.epoch)
        for s in samples
    ]


def test_an_init_segment_gives_its_tracks() -> None:
    assert read_init(bmff.init_segment(*TRACKS)) == TRACKS
    assert read_init(bmff.init_segment(TRACKS[0])) == TRACKS[:1]


@given(
    st.integers(0, 1 << 40),
    st.lists(st.integers(1, 1 << 20), min_size=1, max_size=20),
    st.integers(0, 20),
)
def test_a_fragment_gives_its_samples(start: int, durations: list[int], sound: int) -> None:
    """The reader returns all samples in order of decode time, also beyond 32 bits of media time."""
    video, audio = frames(start, durations), sounds(start * 8 // 15, sound)
    data = bmff.muxed_fragment((video, audio), 1)
    found = read_fragment(data, TRACKS, EPOCH)
    for track, written in ((Track.VIDEO, video), (Track.AUDIO, audio)):
        assert timeless([s for s in found if s.track is track]) == timeless(written)
    times = [s.dts * (8 if s.track is Track.VIDEO else 15) for s in found]
    assert times == sorted(times)


def test_several_runs_of_a_track_and_several_fragments() -> None:
    """A gap in the audio begins a new run; a file may have more than one fragment."""
    runs = (frames(90_000, [3_000] * 4), sounds(48_000, 2), sounds(96_000, 2))
    data = bmff.muxed_fragment(runs, 1) + bmff.muxed_fragment((frames(900_000, [3_000]),), 2)
    found = read_fragment(data, TRACKS, EPOCH)
    assert [s.dts for s in found if s.track is Track.AUDIO] == [48_000, 48_960, 96_000, 96_960]
    assert [s.dts for s in found if s.track is Track.VIDEO][-1] == 900_000


@pytest.mark.parametrize("size", [0, 7, 8, 100, 300])
def test_a_file_that_is_cut_short_is_refused(size: int) -> None:
    data = bmff.muxed_fragment((frames(90_000, [3_000] * 9), sounds(48_000, 9)), 1)
    with pytest.raises(BitstreamError):
        read_fragment(data[:size], TRACKS)
    with pytest.raises(BitstreamError):
        read_fragment(data[:-1], TRACKS)
    with pytest.raises(BitstreamError):
        read_init(bmff.init_segment(*TRACKS)[:size])


def test_a_fragment_of_another_track_is_refused() -> None:
    data = bmff.muxed_fragment((frames(90_000, [3_000]), sounds(48_000, 1)), 1)
    with pytest.raises(BitstreamError):
        read_fragment(data, TRACKS[:1])


@given(st.data())
def test_damaged_bytes_never_raise_another_error(data: st.DataObject) -> None:
    fragment = bytearray(bmff.muxed_fragment((frames(90_000, [3_000] * 3), sounds(0, 3)), 1))
    init = bytearray(bmff.init_segment(*TRACKS))
    for damaged in (fragment, init):
        for _ in range(data.draw(st.integers(1, 4))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    for read in (lambda: read_fragment(bytes(fragment), TRACKS), lambda: read_init(bytes(init))):
        try:
            read()
        except BitstreamError:
            pass
