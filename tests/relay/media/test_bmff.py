"""Boxes, parsed by FFmpeg's demuxer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BitstreamError
from relay.media import bmff, h264, opus
from relay.sample import Sample, Track
from tests.fixtures import media
from tests.fixtures.boxes import find_box, read_boxes


def samples(count: int, **options: int) -> list[Sample]:
    """Frames of a real encoder, 1/30 s apart, from media time 1 s on."""
    units = [h264.access_unit(unit) for unit in media.access_units(count=count, **options)]
    return [
        media.video_sample(90_000 + index * 3_000, key=unit.key, data=unit.data)
        for index, unit in enumerate(units)
    ]


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
@pytest.mark.parametrize("size", [(64, 48), (66, 50), (720, 1280)])
def test_frames_are_decoded_as_they_were_encoded(size: tuple[int, int], profile: str) -> None:
    """An init segment and one fragment per frame decode to these frames, with their times and
    sizes.
    """
    width, height = size
    units = [
        h264.access_unit(unit) for unit in media.access_units(width, height, 4, profile=profile)
    ]
    data = bmff.init_segment(media.video_track(width, height, profile))
    for index, unit in enumerate(units):
        data += bmff.fragment(
            [media.video_sample(90_000 + index * 3_000, key=unit.key, data=unit.data)],
            index,
            Track.VIDEO,
        )
    frames = media.decode_pictures(data)
    assert [frame.pts for frame in frames] == [90_000 + index * 3_000 for index in range(4)]
    assert {(frame.width, frame.height) for frame in frames} == {size}
    lumas = [frame.to_ndarray()[: height // 2, : width // 2].mean() for frame in frames]
    assert lumas == pytest.approx([media.luma_of(index) for index in range(4)], abs=4)


def test_sample_flags() -> None:
    """FFmpeg recognises the keyframe. A frame without dependents is marked as ISO/IEC 14496-12
    §8.8.3.1 requires.
    """
    first, second, third = samples(3)
    third = media.video_sample(third.pts, data=third.data, disposable=True)
    fragments = [bmff.fragment([sample], 0, Track.VIDEO) for sample in (first, second, third)]
    packets = media.read_mp4(bmff.init_segment(media.video_track()) + b"".join(fragments))
    assert [packet.is_keyframe for packet in packets] == [True, False, False]
    assert [bytes(packet) for packet in packets] == [first.data, second.data, third.data]
    flags = [
        int.from_bytes(find_box(fragment, b"moof", b"traf", b"trun")[20:24], "big")
        for fragment in fragments
    ]
    # sample_depends_on (2: on none, 1: on others), sample_is_depended_on (2: by none),
    # sample_is_non_sync_sample
    assert [(flag >> 24 & 3, flag >> 22 & 3, flag >> 16 & 1) for flag in flags] == [
        (2, 0, 0),
        (1, 0, 1),
        (1, 2, 1),
    ]


def test_a_frame_of_unknown_duration_gets_a_long_one() -> None:
    """It gets 0.2 s, because MSE drops frames whose duration is shorter than the real gap."""
    (only,) = samples(1)
    (packet,) = media.read_mp4(
        bmff.init_segment(media.video_track()) + bmff.fragment([only], 7, Track.VIDEO)
    )
    assert packet.duration == bmff.VIDEO_DURATION == 18_000


def test_audio_is_contiguous() -> None:
    """Several Opus packets in one fragment keep exact times, durations and bytes, and decode."""
    packets = media.opus_packets(5)
    sounds = [
        media.sound_sample(48_000 + index * 960, data=packet)
        for index, packet in enumerate(packets)
    ]
    data = (
        bmff.init_segment(opus.track_info())
        + bmff.fragment(sounds[:3], 0, Track.AUDIO)
        + bmff.fragment(sounds[3:], 1, Track.AUDIO)
    )
    read = media.read_mp4(data)
    assert [(packet.pts, packet.duration, bytes(packet)) for packet in read] == [
        (sound.pts, 960, sound.data) for sound in sounds
    ]
    frames = media.decode_sounds(data)
    assert [frame.pts for frame in frames] == [sound.pts for sound in sounds]
    assert sum(frame.samples for frame in frames) == 5 * 960


def test_audio_after_a_gap_keeps_its_time() -> None:
    """Also within a fragment, the packet before the gap lasts until the packet after it."""
    sounds = [
        media.sound_sample(at, data=packet)
        for at, packet in zip((0, 960, 2_500), media.opus_packets(3), strict=True)
    ]
    read = media.read_mp4(
        bmff.init_segment(opus.track_info()) + bmff.fragment(sounds, 0, Track.AUDIO)
    )
    assert [packet.pts for packet in read] == [0, 960, 2_500]


@given(
    pts=st.lists(st.integers(0, 2**30), min_size=1, max_size=5, unique=True).map(sorted),
    offset=st.integers(-3_000, 3_000),
    sequence=st.integers(0, 2**40),
    sizes=st.integers(1, 999),
)
def test_fields_of_a_fragment(pts: list[int], offset: int, sequence: int, sizes: int) -> None:
    """`tfdt` is the first decoding time, `trun` has each size, and `mdat` has the payloads one
    after another.
    """
    sent = [
        Sample(
            Track.VIDEO,
            at + 3_000,
            at + 3_000 + offset,
            bytes([index]) * sizes,
            False,
            False,
            0,
            0,
            0,
            1,
        )
        for index, at in enumerate(pts)
    ]
    data = bmff.fragment(sent, sequence, Track.VIDEO)
    assert [kind for kind, _ in read_boxes(data)] == [b"moof", b"mdat"]
    assert int.from_bytes(find_box(data, b"moof", b"mfhd")[4:8], "big") == sequence % 2**32
    assert int.from_bytes(find_box(data, b"moof", b"traf", b"tfdt")[4:], "big") == sent[0].dts
    assert find_box(data, b"mdat") == b"".join(sample.data for sample in sent)
    trun = find_box(data, b"moof", b"traf", b"trun")
    assert int.from_bytes(trun[4:8], "big") == len(sent)
    data_offset = int.from_bytes(trun[8:12], "big")
    assert data[data_offset:] == find_box(data, b"mdat")
    for index in range(len(sent)):
        fields = trun[12 + 16 * index : 28 + 16 * index]
        assert int.from_bytes(fields[4:8], "big") == sizes
        assert int.from_bytes(fields[12:], "big", signed=True) == offset


@given(st.binary(max_size=200))
def test_garbage_raises_bitstream_error_only(data: bytes) -> None:
    """Random bytes are boxes or BitstreamError; every box lies within the bytes."""
    try:
        boxes = list(read_boxes(data))
    except BitstreamError:
        return
    assert sum(8 + len(body) for _, body in boxes) == len(data)


@given(data=st.data())
def test_a_truncated_segment_is_refused(data: st.DataObject) -> None:
    """Any truncated init segment, unless it is cut between two boxes."""
    segment = bmff.init_segment(media.video_track())
    cut = data.draw(st.integers(1, len(segment) - 1))
    edges = {8 + len(find_box(segment, b"ftyp"))}
    if cut in edges:
        assert len(list(read_boxes(segment[:cut]))) == 1
    else:
        with pytest.raises(BitstreamError):
            list(read_boxes(segment[:cut]))


def test_a_missing_box() -> None:
    """A path without a box raises BitstreamError."""
    with pytest.raises(BitstreamError, match="mvex"):
        find_box(bmff.init_segment(media.video_track()), b"moov", b"trak", b"mvex")
