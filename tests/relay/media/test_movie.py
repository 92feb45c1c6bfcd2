"""One file of many fragments, parsed and decoded by FFmpeg."""

import io
from collections.abc import Sequence

import av
import pytest

from relay.media import opus
from relay.media.movie import Movie, movie_data
from relay.sample import Sample, Track
from tests.fixtures import live_samples, media
from tests.fixtures.boxes import read_boxes

SECOND = 1_000_000
Fragment = tuple[list[Sample], int, int]
"""Samples, media time of the beginning, time in the file."""


def fragment(start: float, at: float, seconds: float = 4.0, epoch: int = 1) -> Fragment:
    video = [
        sample.lasting(3_000) for sample in live_samples.video(seconds, start=start, epoch=epoch)
    ]
    samples = live_samples.together(video, live_samples.sound(seconds, start=start, epoch=epoch))
    return samples, round(start * SECOND), round(at * SECOND)


def file_of(fragments: Sequence[Fragment]) -> bytes:
    movie = Movie((live_samples.track(), opus.track_info()))
    for samples, begin, at in fragments:
        movie.add(samples, begin, at)
    data = [part for samples, _, _ in fragments for part in movie_data(samples)]
    assert sum(map(len, data)) == movie.data_size
    return b"".join((movie.header(), *data))


def test_the_samples_are_unchanged_and_their_times_exact() -> None:
    fragments = [fragment(10 + 4 * n, 4 * n) for n in range(3)]
    data = file_of(fragments)
    assert [kind for kind, _ in read_boxes(data)] == [b"ftyp", b"moov", b"mdat"]
    with av.open(io.BytesIO(data), mode="r") as container:
        packets = [(packet.stream.type, packet) for packet in container.demux() if packet.size]
        assert container.duration == 12 * av.time_base
    written = [sample for samples, _, _ in fragments for sample in samples]
    for kind, track, rate in (("video", Track.VIDEO, 90_000), ("audio", Track.AUDIO, 48_000)):
        found = [packet for of, packet in packets if of == kind]
        expected = [sample for sample in written if sample.track is track]
        assert [bytes(packet) for packet in found] == [sample.data for sample in expected]
        assert [packet.pts for packet in found] == [s.pts - 10 * rate for s in expected]
        assert [packet.is_keyframe for packet in found] == [sample.key for sample in expected]


def test_every_frame_is_decoded() -> None:
    frames = media.decode_pictures(file_of([fragment(10 + 4 * n, 4 * n) for n in range(2)]))
    assert len(frames) == 240


def test_an_interruption_is_left_out_and_the_tracks_stay_together() -> None:
    """The second fragment is 70 s later in the live, and follows the first one in the file."""
    first, second = fragment(10, 0), fragment(84, 4, epoch=2)
    audio_ended = [s for s in first[0] if s.track is Track.VIDEO or s.dts < 13 * 48_000]
    data = file_of([(audio_ended, first[1], first[2]), second])
    times = media.decode_times(data)
    assert times["video"][120] == 4 * 90_000
    begins = [time for time in times["audio"] if time >= 3.5 * 48_000]
    assert begins[0] == 4 * 48_000, "the sound that is missing is not made up for by later sound"


def test_audio_that_begins_late_stays_late() -> None:
    samples, begin, at = fragment(10, 0)
    late = [s for s in samples if s.track is Track.VIDEO or s.dts >= round(10.1 * 48_000)]
    times = media.decode_times(file_of([(late, begin, at)]))["audio"]
    assert times[0] == 0 and times[1] == pytest.approx(0.12 * 48_000, abs=1)


def test_a_piece_without_audio() -> None:
    samples, begin, at = fragment(10, 0)
    data = file_of([([s for s in samples if s.track is Track.VIDEO], begin, at)])
    with av.open(io.BytesIO(data), mode="r") as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_a_file_of_more_than_four_gigabytes_has_large_offsets() -> None:
    movie = Movie((live_samples.track(),))
    movie.add(fragment(10, 0)[0], 10 * SECOND, 0)
    movie._size += 1 << 33
    header = movie.header()
    assert b"co64" in header and b"stco" not in header
    assert header[-16:-8] == b"\0\0\0\1mdat"
    assert int.from_bytes(header[-8:], "big") == movie.data_size + 16
