"""H.264 NAL units, parameter sets and `avcC` (ITU-T H.264 §7.3, ISO/IEC 14496-15 §5.3.3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from relay.errors import BitstreamError
from relay.sample import Track, TrackInfo

SLICE, IDR, SEI, SPS, PPS, AUD = 1, 5, 6, 7, 8, 9
END_OF_SEQUENCE, END_OF_STREAM, FILLER = 10, 11, 12
_RECOVERY_POINT = 6
"""Type of the SEI message that marks a recovery point (H.264 §D.1.1)."""
_MAX_SEI_MESSAGES = 8
"""Maximum number of messages that are read in one SEI NAL unit."""

_NOT_IN_SAMPLES = frozenset((SPS, PPS, AUD, END_OF_SEQUENCE, END_OF_STREAM, FILLER))
"""NAL unit types that samples do not contain. Parameter sets are in `avcC` (sample entry avc1), and
players do not need the other types.
"""

# Profiles whose SPS contains chroma_format_idc and scaling matrices (H.264 §7.3.2.1.1).
_HIGH_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))

_MAX_SIDE = 16_384
MAX_PARAMETER_SET = 4_096
"""Maximum size of an SPS or PPS, bytes. `avcC` could hold 65,535 bytes; encoders write at most a
few hundred.
"""
_SPS_READ = 256
"""Number of bytes of an SPS that are parsed. This is enough for all fields before the VUI,
including the scaling lists.
"""


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """The fields of an SPS that microlive uses."""

    profile: int
    constraints: int
    level: int
    width: int
    height: int
    reorders: bool
    """Whether the display order may differ from the decoding order (B-frames)."""
    frame_number_bits: int
    """Width of `frame_num` in slice headers, bits. The value is 0 for video with separate colour
    planes and for interlaced video (fields), because microlive does not read `frame_num` in such
    video.
    """
    chroma: int
    """Value of `chroma_format_idc`; 1 means 4:2:0."""
    luma_bits: int
    chroma_bits: int

    @property
    def codec(self) -> str:
        """The codec string (RFC 6381 §3.3). The string is made from the SPS, because the level that
        a browser sends may differ from the level that the browser negotiated.
        """
        return f"avc1.{self.profile:02X}{self.constraints:02X}{self.level:02X}"


class _BitReader:
    """Reads bits and Exp-Golomb codes from an RBSP (H.264 §9.1)."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def u(self, count: int) -> int:
        if count > self._left:
            raise BitstreamError("truncated bitstream")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 31:
                raise BitstreamError("the Exp-Golomb code is too long")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def parse_sps(nal: bytes) -> SequenceParameters:
    """Parses an SPS NAL unit (H.264 §7.3.2.1.1). Raises BitstreamError if the SPS is truncated or
    invalid.
    """
    if len(nal) < 4 or nal[0] & 0x1F != SPS:
        raise BitstreamError("not an SPS")
    return _parse_sps(nal[1:_SPS_READ])


@lru_cache(maxsize=256)
def _parse_sps(body: bytes) -> SequenceParameters:
    bits = _BitReader(body.replace(b"\0\0\3", b"\0\0"))
    profile, constraints, level = bits.u(8), bits.u(8), bits.u(8)
    bits.ue()  # seq_parameter_set_id
    chroma, luma_bits, chroma_bits = (
        _chroma_format(bits) if profile in _HIGH_PROFILES else (1, 8, 8)
    )
    frame_number_bits = bits.ue() + 4
    order_type = _picture_order(bits)
    bits.ue()  # max_num_ref_frames
    bits.u(1)  # gaps_in_frame_num_value_allowed_flag
    width = (bits.ue() + 1) * 16
    map_units = bits.ue() + 1
    frame_only = bits.u(1)
    height = map_units * 16 * (2 - frame_only)
    if not frame_only:
        bits.u(1)  # mb_adaptive_frame_field_flag
    bits.u(1)  # direct_8x8_inference_flag
    if bits.u(1):
        unit_x = 1 if chroma in (0, 3) else 2
        unit_y = (2 if chroma == 1 else 1) * (2 - frame_only)
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise BitstreamError(f"SPS of {width}×{height}")
    # Frames are never reordered in the Baseline profile, which has no B slices, or with picture
    # order count type 2 (H.264 §8.2.1.3).
    reorders = profile not in (66,) and order_type != 2
    readable = chroma != 3 and frame_only and frame_number_bits <= 16
    numbers = frame_number_bits if readable else 0
    return SequenceParameters(
        profile,
        constraints,
        level,
        width,
        height,
        reorders,
        numbers,
        chroma,
        luma_bits,
        chroma_bits,
    )


def _chroma_format(bits: _BitReader) -> tuple[int, int, int]:
    """Reads and returns `chroma_format_idc` and the bit depths of luma and chroma."""
    chroma = bits.ue()
    if chroma == 3:
        bits.u(1)  # separate_colour_plane_flag
    luma_bits, chroma_bits = 8 + bits.ue(), 8 + bits.ue()
    if chroma > 3 or max(luma_bits, chroma_bits) > 14:
        raise BitstreamError("the SPS has an unknown chroma format or bit depth")
    bits.u(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.u(1):
        for index in range(12 if chroma == 3 else 8):
            if bits.u(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma, luma_bits, chroma_bits


def _skip_scaling_list(bits: _BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _picture_order(bits: _BitReader) -> int:
    order_type = bits.ue()
    if order_type == 0:
        bits.ue()  # log2_max_pic_order_cnt_lsb_minus4
    elif order_type == 1:
        bits.u(1)
        bits.se()
        bits.se()
        count = bits.ue()
        if count > 255:
            raise BitstreamError("too many reference frames in the picture order count cycle")
        for _ in range(count):
            bits.se()
    return order_type


def track_info(sps: bytes, pps: bytes) -> TrackInfo:
    """Returns the video track that these parameter sets describe. Raises BitstreamError if a
    parameter set is invalid.
    """
    parameters = parse_sps(sps)
    if not pps or pps[0] & 0x1F != PPS:
        raise BitstreamError("not a PPS")
    if max(len(sps), len(pps)) > MAX_PARAMETER_SET:
        raise BitstreamError(f"a parameter set has more than {MAX_PARAMETER_SET} bytes")
    config = b"".join(
        (
            bytes((1, sps[1], sps[2], sps[3], 0xFF, 0xE1)),
            len(sps).to_bytes(2, "big"),
            sps,
            b"\x01",
            len(pps).to_bytes(2, "big"),
            pps,
        )
    )
    if parameters.profile in _HIGH_PROFILES:
        config += bytes(
            (
                0xFC | parameters.chroma,
                0xF8 | parameters.luma_bits - 8,
                0xF8 | parameters.chroma_bits - 8,
                0,
            )
        )
    return TrackInfo(Track.VIDEO, parameters.codec, config, parameters.width, parameters.height)


def parameter_sets(config: bytes) -> list[bytes]:
    """Returns the SPS and PPS NAL units in an `avcC` body, in order. A WHEP feed sends these NAL
    units before each IDR.
    """
    sets: list[bytes] = []
    at = 5
    for mask in (0x1F, 0xFF):
        count = config[at] & mask
        at += 1
        for _ in range(count):
            size = int.from_bytes(config[at : at + 2], "big")
            sets.append(config[at + 2 : at + 2 + size])
            at += 2 + size
    return sets


class AccessUnit:
    """One access unit in the format of samples. For VP8, the access unit is one frame."""

    __slots__ = ("data", "disposable", "key", "pps", "recovery_point", "sps")

    def __init__(
        self,
        data: bytes,
        sps: bytes,
        pps: bytes,
        key: bool,
        disposable: bool,
        recovery_point: bool = False,
    ) -> None:
        self.data = data
        """The NAL units except parameter sets, each preceded by its length (4 bytes). Empty if the
        access unit contains only parameter sets.
        """
        self.sps = sps
        self.pps = pps
        """The PPS in the access unit; empty if the access unit contains no PPS."""
        self.key = key
        self.disposable = disposable
        self.recovery_point = recovery_point
        """Whether a decoder that starts here shows complete pictures after some more frames (H.264
        §D.2.8). Encoders with intra refresh send recovery points instead of keyframes.
        """


def access_unit(nals: Iterable[bytes]) -> AccessUnit:
    """Builds an access unit from its NAL units. Skips empty NAL units."""
    out: list[bytes] = []
    sps = pps = b""
    key = recovery_point = False
    disposable = True
    for nal in nals:
        if not nal:
            continue
        kind = nal[0] & 0x1F
        if kind in _NOT_IN_SAMPLES:
            if kind == SPS:
                sps = nal
            elif kind == PPS:
                pps = nal
            continue
        if SLICE <= kind <= IDR:
            key = key or kind == IDR
            disposable = disposable and not nal[0] & 0x60
        elif kind == SEI:
            recovery_point = recovery_point or _has_recovery_point(nal)
        out.append(len(nal).to_bytes(4, "big"))
        out.append(nal)
    return AccessUnit(
        b"".join(out), sps, pps, key, disposable and bool(out), recovery_point and not key
    )


def _has_recovery_point(sei: bytes) -> bool:
    """Whether an SEI NAL unit has a recovery point among its first messages (H.264 §7.3.2.3.1). A
    message of more than 254 bytes ends the search: encoders send such messages in a NAL unit of
    their own, or last.
    """
    at = 1
    for _ in range(_MAX_SEI_MESSAGES):
        if at + 2 >= len(sei):
            break
        kind, size = sei[at], sei[at + 1]
        if kind == _RECOVERY_POINT:
            return True
        if kind == 0xFF or size == 0xFF:
            return False
        at += 2 + size
    return False


def follows(sps: bytes, before: AccessUnit, unit: AccessUnit, lost: int) -> bool:
    """Whether it is certain that no reference frame is missing between two access units.

    The function compares `frame_num`, which counts reference frames (H.264 §7.4.3). The loss of
    other frames is harmless. `lost`: maximum number of frames that can be missing between the two
    access units. `frame_num` wraps around and restarts at an IDR, so the result is False if a wrap
    or a restart could hide a missing reference frame. The result is also False if `frame_num`
    cannot be read.
    """
    try:
        bits = parse_sps(sps).frame_number_bits
        if not bits or lost >= 1 << bits:
            return False
        last, number = _frame_number(before, bits), _frame_number(unit, bits)
    except BitstreamError:
        return False
    if 0 < number <= lost:
        return False
    return number == (last if before.disposable else last + 1 & (1 << bits) - 1)


def _frame_number(unit: AccessUnit, width: int) -> int:
    """Returns the `frame_num` of the first slice (H.264 §7.3.3). Raises BitstreamError if the
    access unit has no readable slice.
    """
    at = 0
    while at + 4 < len(unit.data):
        size = int.from_bytes(unit.data[at : at + 4], "big")
        if SLICE <= unit.data[at + 4] & 0x1F <= IDR:
            bits = _BitReader(
                unit.data[at + 5 : at + 4 + min(size, 24)].replace(b"\0\0\3", b"\0\0")
            )
            bits.ue()  # first_mb_in_slice
            bits.ue()  # slice_type
            bits.ue()  # pic_parameter_set_id
            return bits.u(width)
        at += 4 + size
    raise BitstreamError("no slice")


def split_annexb(data: bytes) -> list[bytes]:
    """Returns the NAL units of a byte stream with start codes (H.264 annex B)."""
    nals: list[bytes] = []
    start = data.find(b"\0\0\1")
    while start >= 0:
        following = data.find(b"\0\0\1", start + 3)
        end = len(data) if following < 0 else following
        nals.append(data[start + 3 : end].rstrip(b"\0") if following >= 0 else data[start + 3 :])
        start = following
    return nals
