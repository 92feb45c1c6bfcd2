"""VP8 and reordered H.264 become H.264 for every viewer: pixels, sizes, times, keyframes."""

from collections.abc import Sequence

import pytest
from av.video.frame import VideoFrame

from relay.media import bmff, h264
from relay.sample import Track
from server.ingest.transcoder import BrokenFrame, TranscodedFrame, Transcoder
from tests.fixtures import media


def run(
    transcoder: Transcoder,
    frames: Sequence[bytes],
    *,
    start: int = 0,
    keys: Sequence[int] = (),
    skips: Sequence[int] = (),
) -> list[TranscodedFrame]:
    results: list[TranscodedFrame] = []
    for index, frame in enumerate(frames):
        results += transcoder.transcode(
            start + index * 3_000, frame, key=index in keys, skip=index in skips
        )
    return results


def decode(results: Sequence[TranscodedFrame]) -> list[VideoFrame]:
    """Decodes the fragments that a viewer gets; each init segment starts a new decoder."""
    parts: list[bytes] = []
    for result in results:
        unit = h264.access_unit(h264.split_annexb(result.data))
        if (
            unit.sps
            and (init := bmff.init_segment(h264.track_info(unit.sps, unit.pps))) not in parts[-1:]
        ):
            parts.append(init) if not parts or not parts[-1].startswith(init) else None
        parts[-1] += bmff.fragment(
            [media.video_sample(result.timestamp, key=unit.key, data=unit.data)], 0, Track.VIDEO
        )
    return [frame for part in parts for frame in media.decode_pictures(part)]


def test_vp8_becomes_constrained_baseline() -> None:
    """Each call returns the result of its own frame, with its time and its grey; the first is an
    IDR with parameter sets for every browser.
    """
    transcoder = Transcoder("VP8", 2_500_000)
    frames = media.vp8_frames(count=8)
    for index, frame in enumerate(frames):
        (result,) = transcoder.transcode(9_000 + index * 3_000, frame)
        assert (result.timestamp, result.key) == (9_000 + index * 3_000, index == 0)
    results = run(Transcoder("VP8", 2_500_000), frames, start=9_000)
    unit = h264.access_unit(h264.split_annexb(results[0].data))
    info = h264.parse_sps(unit.sps)
    assert (info.codec[:9], info.width, info.height, info.reorders) == (
        "avc1.42C0",
        320,
        240,
        False,
    )
    seen = decode(results)
    assert [frame.pts for frame in seen] == [9_000 + index * 3_000 for index in range(8)]
    assert [frame.to_ndarray()[:240].mean() for frame in seen] == pytest.approx(
        [media.luma_of(index) for index in range(8)], abs=4
    )


def test_an_idr_on_demand() -> None:
    """The next encoded frame is the IDR; frames that are only decoded do not count."""
    frames = media.vp8_frames(count=8)
    results = run(Transcoder("VP8", 2_500_000), frames, keys=(3, 5), skips=(5,))
    assert [result.timestamp // 3_000 for result in results] == [0, 1, 2, 3, 4, 6, 7]
    assert [result.timestamp // 3_000 for result in results if result.key] == [0, 3, 6]
    seen = decode(results)
    assert seen[5].to_ndarray()[:240].mean() == pytest.approx(media.luma_of(6), abs=4), (
        "the skipped frame was decoded nevertheless"
    )


def test_a_new_size_starts_with_new_parameter_sets() -> None:
    """After a rotation of the phone each frame has the new size; odd sizes become even."""
    transcoder = Transcoder("VP8", 2_500_000)
    results = []
    for number, (width, height) in enumerate(((320, 240), (240, 320), (213, 161))):
        results += run(transcoder, media.vp8_frames(width, height, 3), start=number * 9_000)
    assert [result.key for result in results] == [True, False, False] * 3
    seen = decode(results)
    assert [(frame.width, frame.height) for frame in seen] == [(320, 240)] * 3 + [
        (240, 320)
    ] * 3 + [(212, 160)] * 3
    assert [frame.to_ndarray()[: frame.height].mean() for frame in seen] == pytest.approx(
        [media.luma_of(index) for index in range(3)] * 3, abs=4
    )


@pytest.mark.parametrize("profile", ["main", "high"])
def test_b_frames_come_out_in_order(profile: str) -> None:
    """Three B-frames in a pyramid, in decoding order, become frames in the order of their times."""
    options = (
        ("bf", "3"),
        ("tune", "ssim"),
        ("x264-params", "scenecut=0:b-adapt=0:b-pyramid=normal:rc-lookahead=4:sync-lookahead=0"),
    )
    units = media.access_units(320, 240, 24, profile=profile, options=options)
    order = media.presentation_order(units)
    assert order != sorted(order), "the test encoder made no B-frames"
    transcoder = Transcoder("H264", 2_500_000)
    results: list[TranscodedFrame] = []
    for place, unit in zip(order, units, strict=True):
        results += transcoder.transcode(place * 3_000, b"".join(b"\0\0\0\1" + nal for nal in unit))
    times = [result.timestamp // 3_000 for result in results]
    assert times == list(range(len(times))) and len(times) > 18
    seen = decode(results)
    assert [frame.to_ndarray()[:240].mean() for frame in seen] == pytest.approx(
        [media.luma_of(index) for index in times], abs=4
    )
    assert not h264.parse_sps(h264.access_unit(h264.split_annexb(results[0].data)).sps).reorders


def test_timestamps_that_jump_do_not_stop_it() -> None:
    transcoder = Transcoder("VP8", 2_500_000)
    frames = media.vp8_frames(count=6)
    times = [0, 3_000, 3_000, 2_000, -(2**40), 2**40]
    assert [
        result.timestamp
        for time, frame in zip(times, frames, strict=True)
        for result in transcoder.transcode(time, frame)
    ] == times


def test_a_broken_frame_is_reported() -> None:
    """Garbage and a frame that is too large are reported; the next keyframe is transcoded."""
    transcoder = Transcoder("VP8", 2_500_000)
    frames = media.vp8_frames(count=2)
    huge = frames[0][:6] + (8_000).to_bytes(2, "little") * 2 + frames[0][10:]
    for bad in (b"\x10\x02\x00garbage", huge, b"\x11"):
        with pytest.raises(BrokenFrame):
            list(transcoder.transcode(0, bad))
    assert [result.key for result in run(transcoder, frames, start=9_000)] == [True, False]


def test_a_still_image_costs_little() -> None:
    """The bitrate is a limit, not a target."""
    still = media.vp8_frames(count=1) * 30
    results = run(Transcoder("VP8", 2_500_000), still)
    assert sum(len(result.data) for result in results[1:]) * 8 < 250_000
