"""Progressive files, parsed and decoded by FFmpeg."""

import io
from struct import unpack_from

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.media import h264, opus
from relay.media.progressive import Run, progressive_mp4, progressive_parts
from relay.sample import Sample, Track
from tests.fixtures import live_samples, media
from tests.fixtures.boxes import find_box, read_boxes

VIDEO = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def run(samples: list[Sample], lasts: int = 3_000) -> Run:
    return Run(live_samples.track(), samples, samples[-1].pts + lasts)


def file_of(seconds: float) -> tuple[bytes, list[Sample], list[Sample]]:
    """Returns a file with H.264 and Opus, and its samples."""
    video, sound = live_samples.video(seconds), live_samples.sound(seconds)
    end = sound[-1].dts + sound[-1].duration
    data = progressive_mp4([run(video), Run(opus.track_info(), sound, end)])
    return data, video, sound


def test_the_samples_are_unchanged_and_their_times_exact() -> None:
    data, video, sound = file_of(4)
    with av.open(io.BytesIO(data), "r") as container:
        pictures, sounds = container.streams
        assert (pictures.duration, sounds.duration) == (4 * 90_000, 4 * 48_000)
        assert container.duration == 4 * av.time_base
        packets = [(packet.stream.type, packet) for packet in container.demux() if packet.size]
    for kind, samples in (("video", video), ("audio", sound)):
        found = [packet for stream, packet in packets if stream == kind]
        assert [bytes(packet) for packet in found] == [sample.data for sample in samples]
        assert [packet.pts for packet in found] == [s.pts - samples[0].pts for s in samples]
        assert [packet.dts for packet in found] == [packet.pts for packet in found]
        assert [packet.is_keyframe for packet in found] == [sample.key for sample in samples]
        assert {packet.duration for packet in found} == {3_000 if kind == "video" else 960}


def test_the_boxes_are_in_order_and_there_is_no_edit_list() -> None:
    """`moov` comes first, and each track has one sample description."""
    data, _, _ = file_of(1)
    assert [kind for kind, _ in read_boxes(data)] == [b"ftyp", b"moov", b"mdat"]
    traks = [body for kind, body in read_boxes(find_box(data, b"moov")) if kind == b"trak"]
    for trak in traks:
        assert [kind for kind, _ in read_boxes(trak)] == [b"tkhd", b"mdia"]
        stsd = find_box(trak, b"mdia", b"minf", b"stbl", b"stsd")
        assert unpack_from(">I", stsd, 4) == (1,)


def test_both_tracks_alternate_in_the_file() -> None:
    """A player that has read a tenth of the file has a tenth of both tracks."""
    data, video, sound = file_of(10)
    with av.open(io.BytesIO(data), "r") as container:
        found = [(packet.stream.type, float(packet.pts * packet.time_base), packet.pos)
                 for packet in container.demux()
                 if packet.pts is not None and packet.pos is not None]  # fmt: skip
    assert len(found) == len(video) + len(sound)
    found.sort(key=lambda packet: packet[2])
    newest = {"video": 0.0, "audio": 0.0}
    for kind, at, _ in found:
        newest[kind] = max(newest[kind], at)
        assert abs(newest["video"] - newest["audio"]) < 1.0


def test_a_long_last_frame() -> None:
    """The last frame lasts until the end of the run."""
    video = live_samples.video(1)
    (*_, last) = media.read_mp4(progressive_mp4([run(video, lasts=45_000)]))
    assert last.duration == 45_000


def test_frames_in_another_order_than_their_decoding_order() -> None:
    """The first frame is shown at time 0, and the others at their times."""
    options = (("bf", "2"), ("tune", "film"), ("x264-params", "scenecut=0:b-adapt=0"))
    units = media.access_units(64, 48, 12, profile="main", options=options)
    order = media.presentation_order(units)
    assert order != list(range(12)), "the encoder makes no B-frames"
    samples = []
    for index, (unit, place) in enumerate(zip(map(h264.access_unit, units), order, strict=True)):
        dts = 90_000 + index * 3_000
        pts = 96_000 + place * 3_000
        samples.append(Sample(Track.VIDEO, dts, pts, unit.data, unit.key, False, 0, 0, 0, 1))
    unit = h264.access_unit(units[0])
    info = h264.track_info(unit.sps, unit.pps)
    data = progressive_mp4([Run(info, samples, 96_000 + 12 * 3_000)])
    assert find_box(data, *VIDEO, b"ctts")[0] == 1
    frames = media.decode_pictures(data)
    assert [frame.pts for frame in frames] == [index * 3_000 for index in range(12)]
    lumas = [frame.to_ndarray()[:48, :64].mean() for frame in frames]
    assert lumas == pytest.approx([media.luma_of(index) for index in range(12)], abs=6)
    with av.open(io.BytesIO(data), "r") as container:
        assert container.streams.video[0].duration == 12 * 3_000


@settings(max_examples=30)
@given(
    steps=st.lists(st.integers(1, 200_000), min_size=1, max_size=80),
    lasts=st.integers(1, 200_000),
    begin=st.integers(0, 2**34),
)
def test_any_durations(steps: list[int], lasts: int, begin: int) -> None:
    """FFmpeg finds each sample at its time and its place, whatever the durations."""
    times = np.cumsum([begin, *steps]).tolist()
    samples = [
        Sample(Track.VIDEO, at, at, bytes((n + 1,)) * (n % 7 + 1), n % 5 == 0, False, 0, 0, 0, 1)
        for n, at in enumerate(times)
    ]
    packets = media.read_mp4(progressive_mp4([run(samples, lasts)]))
    assert [packet.pts for packet in packets] == [at - begin for at in times]
    assert [bytes(packet) for packet in packets] == [sample.data for sample in samples]
    assert sum(packet.duration or 0 for packet in packets) == times[-1] - begin + lasts


def test_the_data_of_the_samples_is_not_copied() -> None:
    """The parts after the boxes are the samples themselves, so that a thread can join them."""
    video = live_samples.video(2)
    parts = progressive_parts([run(video)])
    assert {id(sample.data) for sample in video} <= set(map(id, parts))
    assert len(b"".join(parts)) == sum(map(len, parts))
