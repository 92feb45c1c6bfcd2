"""H.264 parameter sets and access units, of x264's streams and of random bytes."""

import io

import av
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relay.errors import BitstreamError
from relay.media import h264
from relay.sample import Track
from tests.fixtures import media
from tests.fixtures.boxes import find_box

PROFILES = {"baseline": 66, "main": 77, "high": 100}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "size",
    [
        (16, 16),
        (64, 48),
        (66, 50),
        (98, 34),
        (540, 960),
        (720, 1280),
        (1280, 720),
        (1920, 1080),
        (2, 2),
    ],
)
def test_sps_fields_match_those_of_ffmpeg(size: tuple[int, int], profile: str) -> None:
    """Cropped width and height, profile and level, for many sizes and profiles."""
    width, height = size
    sps, pps = media.parameter_sets(width, height, profile)
    read = h264.parse_sps(sps)
    with av.open(
        io.BytesIO(
            b"\0\0\0\1"
            + sps
            + b"\0\0\0\1"
            + pps
            + b"".join(
                b"\0\0\0\1" + nal for nal in media.access_units(*size, 1, profile=profile)[0]
            )
        ),
        format="h264",
    ) as container:
        stream = container.streams.video[0]
        assert (read.width, read.height) == (stream.width, stream.height) == size
    assert read.profile == PROFILES[profile]
    assert read.codec == f"avc1.{sps[1]:02X}{sps[2]:02X}{sps[3]:02X}"


def test_b_frames_reorder() -> None:
    """A High stream with B-frames is reordered; a Baseline stream is not."""
    options = (("bf", "2"), ("tune", "film"), ("x264-params", "scenecut=0:b-adapt=0"))
    units = media.access_units(64, 48, 8, profile="high", options=options)
    assert any(h264.access_unit(unit).disposable for unit in units)
    assert h264.parse_sps(h264.access_unit(units[0]).sps).reorders
    assert not h264.parse_sps(media.parameter_sets()[0]).reorders


def test_scaling_matrices_are_skipped() -> None:
    """The size after scaling lists is right, even if a delta ends one of them early."""
    lists = (
        "1" + "1" * 16 + "0" * 6 + "1" + signed(3) + signed(-11)
    )  # list 0 in full, 1 to 6 absent, list 7 ends with its second value at 0
    bits = (
        f"{100:08b}{0:08b}{31:08b}"
        + unsigned(0)
        + unsigned(1)
        + unsigned(0) * 2
        + "0"
        + "1"
        + lists
    )
    bits += (
        unsigned(0)
        + unsigned(2)
        + unsigned(1)
        + "0"
        + unsigned(44)
        + unsigned(79)
        + "1"
        + "1"
        + "0"
        + "0"
        + "1"
    )
    nal = b"\x67" + int(bits + "0" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")
    read = h264.parse_sps(nal)
    assert (read.width, read.height, read.reorders) == (720, 1280, False)


def unsigned(value: int) -> str:
    """ue(v), H.264 §9.1."""
    return "0" * ((value + 1).bit_length() - 1) + f"{value + 1:b}"


def signed(value: int) -> str:
    """se(v), H.264 §9.1.1."""
    return unsigned(2 * value - 1 if value > 0 else -2 * value)


def test_interlaced_heights_count_twice() -> None:
    """An SPS of fields (frame_mbs_only_flag 0) has the height of whole frames."""
    sps = h264.access_unit(
        media.access_units(
            64,
            64,
            1,
            profile="high",
            options=(("flags", "+ildct"), ("x264-params", "interlaced=1:scenecut=0")),
        )[0]
    ).sps
    assert (h264.parse_sps(sps).width, h264.parse_sps(sps).height) == (64, 64)


def test_emulation_prevention_bytes_are_removed() -> None:
    """x264's VUI of small streams has 00 00 03, which must not shift the fields after it."""
    sps, _ = media.parameter_sets(66, 50)
    assert b"\0\0\3" in sps
    assert (h264.parse_sps(sps).width, h264.parse_sps(sps).height) == (66, 50)


@given(st.binary(max_size=64).map(lambda data: b"\x67" + data))
@example(b"\x67\x42\x00")
@example(b"\x67" + bytes(40))
@example(b"\x67\x64" + b"\xff" * 60)
def test_a_garbage_sps_raises_bitstream_error_only(nal: bytes) -> None:
    """Random bytes after the SPS's type give a size that a decoder supports, or BitstreamError."""
    try:
        read = h264.parse_sps(nal)
    except BitstreamError:
        return
    assert 0 < read.width <= 16_384 and 0 < read.height <= 16_384


@settings(deadline=None)
@given(st.data())
def test_a_damaged_sps_raises_bitstream_error_only(data: st.DataObject) -> None:
    """A real SPS, truncated and with changed bytes."""
    sps = bytearray(media.parameter_sets(720, 1280, "high")[0])
    for _ in range(data.draw(st.integers(0, 4))):
        sps[data.draw(st.integers(0, len(sps) - 1))] = data.draw(st.integers(0, 255))
    try:
        h264.track_info(bytes(sps[: data.draw(st.integers(0, len(sps)))]), b"\x68\xce")
    except BitstreamError:
        pass


def test_every_truncation_within_the_size_is_refused() -> None:
    """An SPS that ends before its height is refused."""
    sps, _ = media.parameter_sets(720, 1280)
    for length in range(8):
        with pytest.raises(BitstreamError):
            h264.parse_sps(sps[:length])


@pytest.mark.parametrize("profile", PROFILES)
def test_avcc_is_what_ffmpeg_writes(profile: str) -> None:
    """The `avcC` body of a real stream is byte for byte that of FFmpeg's muxer."""
    units = media.access_units(64, 48, 2, profile=profile)
    out = io.BytesIO()
    annexb = b"".join(b"\0\0\1" + nal for unit in units for nal in unit)
    with (
        av.open(io.BytesIO(annexb), "r", format="h264") as source,
        av.open(out, "w", format="mp4", options={"movflags": "empty_moov+frag_keyframe"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(source.demux()):
            if packet.size:
                packet.pts = packet.dts = index
                packet.stream = stream
                target.mux(packet)
    stsd = find_box(out.getvalue(), b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    entry = find_box(stsd[8:], b"avc1")
    assert media.video_track(64, 48, profile).config == find_box(entry[78:], b"avcC")


@pytest.mark.parametrize("profile", PROFILES)
def test_parameter_sets_are_read_from_avcc(profile: str) -> None:
    """They are the NAL units that were put into it."""
    assert h264.parameter_sets(media.video_track(64, 48, profile).config) == list(
        media.parameter_sets(64, 48, profile)
    )


def test_parameter_sets_are_bounded() -> None:
    """`avcC` has 16 bits for their length. Those of encoders are far shorter."""
    sps, pps = media.parameter_sets()
    longest = sps + bytes(h264.MAX_PARAMETER_SET - len(sps))
    assert h264.track_info(longest, pps).width == h264.parse_sps(sps).width
    for pair in ((longest + b"\0", pps), (sps, pps + bytes(70_000))):
        with pytest.raises(BitstreamError, match="more than 4096 bytes"):
            h264.track_info(*pair)


def test_a_long_sps_is_not_read_to_its_end() -> None:
    """Exp-Golomb codes of 63 bits in every scaling list: such an SPS cost 10 ms a frame. Its rest
    describes a picture of 16×16 pixels.
    """
    code = "0" * 31 + "1" + "0" * 31
    bits = (
        "1" + "00100" + "1" + "1" + "1" + "0" + "1" + ("1" + code * 16) * 6 + ("1" + code * 64) * 6
    )
    bits += "1" + "1" + "1" + "1" + "0" + "1" + "1" + "1" + "1" + "0"
    bits += "0" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\0\0", b"\0\0\3")
    with pytest.raises(BitstreamError, match="truncated"):
        h264.parse_sps(bytes((0x67, 244, 0, 30)) + body)


def test_a_pps_must_be_a_pps() -> None:
    """An SPS instead of the PPS, or nothing, is refused."""
    sps, _ = media.parameter_sets()
    for pps in (b"", sps):
        with pytest.raises(BitstreamError, match="PPS"):
            h264.track_info(sps, pps)


def test_an_access_unit_in_the_format_of_samples() -> None:
    """Parameter sets, delimiters and filler are removed; slices and SEI stay, each after its
    length.
    """
    sps, pps = media.parameter_sets()
    unit = h264.access_unit(
        [b"\x09\xf0", sps, pps, b"\x06\x05\x00", b"", b"\x65\x88", b"\x65\x89", b"\x0c\xff"]
    )
    assert (unit.sps, unit.pps) == (sps, pps)
    assert unit.data == b"\0\0\0\3\x06\x05\x00" + b"\0\0\0\2\x65\x88" + b"\0\0\0\2\x65\x89"
    assert unit.key and not unit.disposable


def test_disposable_needs_every_slice_to_be_disposable() -> None:
    """SEI does not count, and an empty access unit is not disposable."""
    assert h264.access_unit([b"\x06\x05", b"\x01\x9a", b"\x01\x9b"]).disposable
    assert not h264.access_unit([b"\x01\x9a", b"\x41\x9b"]).disposable
    assert not h264.access_unit([]).disposable
    assert not h264.access_unit([b"\x41\x9a"]).key


@given(st.lists(st.binary(max_size=40)))
def test_an_access_unit_keeps_all_other_nal_units(nals: list[bytes]) -> None:
    """For any NAL units, those kept are in `data`, in order, with their lengths; none raises."""
    unit = h264.access_unit(nals)
    kept, at = [], 0
    while at < len(unit.data):
        size = int.from_bytes(unit.data[at : at + 4], "big")
        kept.append(unit.data[at + 4 : at + 4 + size])
        at += 4 + size
    assert kept == [nal for nal in nals if nal and nal[0] & 0x1F not in (7, 8, 9, 10, 11, 12)]


@given(
    st.lists(
        st.binary(min_size=1, max_size=30).filter(
            lambda nal: (
                b"\0\0\1" not in nal and not nal.endswith(b"\0") and not nal.startswith(b"\0")
            )
        ),
        max_size=6,
    ),
    st.booleans(),
)
def test_start_codes_are_split(nals: list[bytes], long: bool) -> None:
    """NAL units after three- and four-byte start codes are returned unchanged."""
    code = b"\0\0\0\1" if long else b"\0\0\1"
    assert h264.split_annexb(b"".join(code + nal for nal in nals)) == nals


def test_track_info_of_a_real_stream() -> None:
    """Track, codec string and size are those of the stream."""
    info = media.video_track(720, 1280)
    assert (info.track, info.width, info.height) == (Track.VIDEO, 720, 1280)
    assert info.codec.startswith("avc1.42")


def test_high_profiles_have_their_format_in_avcc() -> None:
    """ISO/IEC 14496-15 §5.3.3.1.2: only they have chroma format and bit depths after the PPS."""
    assert media.video_track(profile="high").config[-4:] == b"\xfd\xf8\xf8\0"
    sps, pps = media.parameter_sets(profile="main")
    assert media.video_track(profile="main").config.endswith(pps)
    # 4:2:2 of 10 bits: chroma_format_idc 2 and two depths of 8 + 2, then no scaling matrix; the
    # rest as in the test above.
    bits = f"{122:08b}{0:08b}{31:08b}" + unsigned(0) + unsigned(2) + unsigned(2) * 2 + "0" + "0"
    bits += (
        unsigned(0)
        + unsigned(2)
        + unsigned(1)
        + "0"
        + unsigned(44)
        + unsigned(79)
        + "1"
        + "1"
        + "0"
        + "0"
        + "1"
    )
    nal = b"\x67" + int(bits + "0" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")
    assert h264.track_info(nal, pps).config[-4:] == b"\xfe\xfa\xfa\0"


def test_recovery_points_of_x264() -> None:
    """Intra refresh: one IDR, then a recovery point at the start of each period."""
    options = (("intra-refresh", "1"), ("x264-params", "scenecut=0"))
    units = media.access_units(64, 48, 40, gop=15, options=options)
    made = [h264.access_unit(unit) for unit in units]
    assert [index for index, unit in enumerate(made) if unit.key] == [0]
    assert [index for index, unit in enumerate(made) if unit.recovery_point] == [15, 30]


@pytest.mark.parametrize(
    ("sei", "found"),
    [
        (b"\x06\x06\x01\xc4\x80", True),
        (b"\x06\x00\x02\x80\x40\x06\x01\xc4\x80", True),
        (b"\x06\x05\x03abc\x06\x01\xc4\x80", True),
        (b"\x06\x05\x04abc\x06\x01\xc4\x80", False),
        (b"\x06\x05\xff" + bytes(300), False),
        (b"\x06\xff\x06\x01\xc4\x80", False),
        (b"\x06" + 7 * b"\x01\x00" + b"\x06\x01\xc4\x80", True),
        (b"\x06" + 8 * b"\x01\x00" + b"\x06\x01\xc4\x80", False),
        (b"\x06\x06", False),
        (b"\x06", False),
    ],
)
def test_recovery_points_among_messages(sei: bytes, found: bool) -> None:
    """An IDR is a keyframe, whatever its messages say."""
    assert h264.access_unit([sei, b"\x41\x9a"]).recovery_point is found
    assert not h264.access_unit([sei, b"\x65\x88"]).recovery_point
