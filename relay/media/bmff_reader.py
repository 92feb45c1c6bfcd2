"""Reads the init segments and fragments that `relay.media.bmff` writes (ISO/IEC 14496-12). Pure.

This module reads no other files: each fragment must have the boxes that `muxed_fragment` writes.
"""

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct, error
from typing import Final

from relay.errors import BitstreamError
from relay.media.bmff import track_id
from relay.sample import AUDIO_RATE, VIDEO_RATE, Sample, Track, TrackInfo

_HEADER: Final = Struct(">I4s")
_NUMBER: Final = Struct(">I")
_TIME: Final = Struct(">Q")
_SIZE: Final = Struct(">HH")
_ENTRY: Final = Struct(">IIIi")
"""Duration, size, flags and composition offset of a sample in `trun`."""
_TFHD_FLAGS: Final = 0x020000
_TRUN_FLAGS: Final = 0x01000F01
_NON_SYNC: Final = 0x00010000
"""`sample_is_non_sync_sample` in the flags of a sample (ISO/IEC 14496-12 §8.8.3.1)."""
_VIDEO_ENTRY_SIZE: Final = 78
_AUDIO_ENTRY_SIZE: Final = 28
"""Sizes of the fixed fields of sample entries, bytes. The box with the parameters of the codec
follows these fields.
"""
_COMMON_RATE: Final = 720_000
"""Least common multiple of the timescales of both tracks."""

_Box = tuple[bytes, int, int]
"""Type of a box, and the positions of the start and the end of its content."""


def read_init(data: bytes) -> tuple[TrackInfo, ...]:
    """Returns the tracks of an init segment. Raises BitstreamError if the init segment has no
    tracks or is not readable.
    """
    try:
        (moov,) = _find(data, (b"moov",), (0, len(data)))
        tracks = tuple(
            _read_entry(data, entry)
            for trak in _find(data, (b"trak",), moov)
            for stsd in _find(data, (b"mdia", b"minf", b"stbl", b"stsd"), trak)
            for entry in _boxes(data, stsd[0] + 8, stsd[1])
        )
    except (ValueError, error) as failure:
        raise BitstreamError("the init segment is not readable") from failure
    if not tracks:
        raise BitstreamError("the init segment has no tracks")
    return tracks


def read_fragment(data: bytes, tracks: Iterable[TrackInfo], epoch: int = 0) -> list[Sample]:
    """Returns the samples of one or more fragments, in order of decode time. `tracks`: the tracks
    of the init segment (`read_init`). `epoch`: the epoch of the samples.

    The times and the data of each sample are those of the sample that was written. `capture` and
    `publish` are 0, because a fragment does not contain these times. Raises BitstreamError if a
    fragment is not readable, or has other tracks.
    """
    by_id = {track_id(info.track): info.track for info in tracks}
    samples: list[Sample] = []
    try:
        for kind, start, end in _boxes(data, 0, len(data)):
            if kind == b"moof":
                for traf in _find(data, (b"traf",), (start, end)):
                    samples += _read_run(data, traf, start - 8, by_id, epoch)
    except (ValueError, KeyError, error) as failure:
        raise BitstreamError("the fragment is not readable") from failure
    if not samples:
        raise BitstreamError("the fragment has no samples")
    samples.sort(key=_decode_time)
    return samples


def _decode_time(sample: Sample) -> int:
    rate = VIDEO_RATE if sample.track is Track.VIDEO else AUDIO_RATE
    return sample.dts * (_COMMON_RATE // rate)


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    """Yields the boxes from `start` to `end`. Raises ValueError if the boxes do not fit exactly."""
    while start < end:
        size, kind = _HEADER.unpack_from(data, start)
        if size < 8 or start + size > end:
            raise ValueError(f"box {kind!r} has an invalid size")
        yield kind, start + 8, start + size
        start += size


def _find(data: bytes, path: Sequence[bytes], within: tuple[int, int]) -> list[tuple[int, int]]:
    """Returns the positions of the contents of all boxes at this path."""
    found = [within]
    for wanted in path:
        found = [
            (start, end)
            for outer in found
            for kind, start, end in _boxes(data, *outer)
            if kind == wanted
        ]
    return found


def _read_entry(data: bytes, entry: _Box) -> TrackInfo:
    kind, start, end = entry
    fixed = _VIDEO_ENTRY_SIZE if kind == b"avc1" else _AUDIO_ENTRY_SIZE
    ((name, config_start, config_end),) = _boxes(data, start + fixed, end)
    config = data[config_start:config_end]
    if (kind, name) == (b"avc1", b"avcC"):
        codec = f"avc1.{config[1:4].hex().upper()}"
        return TrackInfo(Track.VIDEO, codec, config, *_SIZE.unpack_from(data, start + 24))
    if (kind, name) == (b"Opus", b"dOps"):
        channels = int.from_bytes(data[start + 16 : start + 18], "big")
        return TrackInfo(Track.AUDIO, "opus", config, channels=channels)
    raise ValueError(f"unknown sample entry {kind!r}")


def _read_run(
    data: bytes, traf: tuple[int, int], moof: int, tracks: dict[int, Track], epoch: int
) -> Iterator[Sample]:
    """Yields the samples of one `traf`. `moof`: position of the `moof` box."""
    content = {kind: start for kind, start, _ in _boxes(data, *traf)}
    (trun_end,) = (end for kind, _, end in _boxes(data, *traf) if kind == b"trun")
    flags, number = _NUMBER.unpack_from(data, content[b"tfhd"])[0], content[b"tfhd"] + 4
    track = tracks[_NUMBER.unpack_from(data, number)[0]]
    dts = _TIME.unpack_from(data, content[b"tfdt"] + 4)[0]
    trun = content[b"trun"]
    trun_flags, count, offset = (_NUMBER.unpack_from(data, trun + at)[0] for at in (0, 4, 8))
    if (flags, trun_flags) != (_TFHD_FLAGS, _TRUN_FLAGS) or trun + 12 + 16 * count != trun_end:
        raise ValueError("the run of samples has an unknown form")
    at = moof + offset
    for duration, size, sample_flags, composition in _ENTRY.iter_unpack(data[trun + 12 : trun_end]):
        if at + size > len(data):
            raise ValueError("the fragment is cut short")
        key = not sample_flags & _NON_SYNC
        disposable = sample_flags >> 22 & 3 == 2  # sample_is_depended_on
        sample = data[at : at + size]
        yield Sample(track, dts, dts + composition, sample, key, disposable, duration, 0, 0, epoch)
        at += size
        dts += duration
