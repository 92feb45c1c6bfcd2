"""Writes boxes of the ISO base media file format (ISO/IEC 14496-12).

FFmpeg's muxer writes a fragment only when the next packet arrives, and so one frame too late. This
module writes each fragment at once. All times are media times of the stream, so any fragment can
follow any other fragment.
"""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct, pack
from typing import Final

from relay.sample import TIMESCALE, VIDEO, Sample, Track, TrackInfo

VIDEO_DURATION: Final = 18_000
"""Duration written for a video sample whose real duration is unknown: 0.2 s in 90 kHz ticks. MSE
drops all frames up to the next keyframe if the written duration is less than half of the time to
the next sample.
"""

_IDENTITY = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SYNC: Final = 0x02000000
_REFERENCED: Final = 0x01010000
_DISPOSABLE: Final = 0x01810000
"""Values of `sample_flags` (ISO/IEC 14496-12 §8.8.3.1): for a keyframe, for another reference
frame, and for a frame to which no other frame refers.
"""


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, pack(">I", version << 24 | flags), *parts)


_NO_SAMPLES = b"".join(
    (
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
)
"""The tables of a track whose samples are in fragments."""


def track_id(track: Track) -> int:
    """Returns the `track_ID` of a track: 1 for video, 2 for audio."""
    return int(track) + 1


def init_segment(*tracks: TrackInfo) -> bytes:
    """Returns an init segment: `ftyp` and `moov`.

    Chromium plays in its low-delay mode if `moov` contains no `mehd` and `mvhd.duration` is 0.
    """
    last = max(track_id(info.track) for info in tracks)
    mvhd = movie_header(TIMESCALE[tracks[0].track], 0, last + 1)
    mvex = box(
        b"mvex",
        *(
            full_box(b"trex", 0, 0, pack(">5I", track_id(info.track), 1, 0, 0, 0))
            for info in tracks
        ),
    )
    return box(b"ftyp", b"iso5", pack(">I", 512), b"iso5iso6mp41") + box(
        b"moov", mvhd, *(track_box(info, 0, 0, _NO_SAMPLES) for info in tracks), mvex
    )


def movie_header(timescale: int, duration: int, next_track: int) -> bytes:
    """Returns the `mvhd` box. `duration`: in ticks of `timescale`."""
    return full_box(
        b"mvhd",
        0,
        0,
        pack(">4IIHH8x", 0, 0, timescale, duration, 0x10000, 0x0100, 0),
        _IDENTITY,
        bytes(24),
        pack(">I", next_track),
    )


def track_box(info: TrackInfo, movie_duration: int, duration: int, tables: bytes) -> bytes:
    """Returns the `trak` box. `movie_duration`: in ticks of the movie's timescale. `duration`: in
    ticks of the track. `tables`: the boxes of `stbl` that describe the samples, after `stsd`.
    """
    number, scale = track_id(info.track), TIMESCALE[info.track]
    volume = 0x0100 if info.track is Track.AUDIO else 0
    tkhd = full_box(
        b"tkhd",
        0,
        3,
        pack(">5I8x4H", 0, 0, number, 0, movie_duration, 0, 0, volume, 0),
        _IDENTITY,
        pack(">II", info.width << 16, info.height << 16),
    )
    mdhd = full_box(b"mdhd", 0, 0, pack(">4IHH", 0, 0, scale, duration, 0x55C4, 0))
    handler, header = (
        (b"vide", full_box(b"vmhd", 0, 1, bytes(8)))
        if info.track is Track.VIDEO
        else (b"soun", full_box(b"smhd", 0, 0, bytes(4)))
    )
    hdlr = full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), b"microlive\0")
    dinf = box(b"dinf", full_box(b"dref", 0, 0, pack(">I", 1), full_box(b"url ", 0, 1)))
    entry = _video_entry(info) if info.track is Track.VIDEO else _audio_entry(info)
    stbl = box(b"stbl", full_box(b"stsd", 0, 0, pack(">I", 1), entry), tables)
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", header, dinf, stbl)))


def _video_entry(info: TrackInfo) -> bytes:
    fixed = pack(
        ">6xH16xHHIII H32sHh",
        1,
        info.width,
        info.height,
        0x480000,
        0x480000,
        0,
        1,
        bytes(32),
        24,
        -1,
    )
    return box(b"avc1", fixed, box(b"avcC", info.config))


def _audio_entry(info: TrackInfo) -> bytes:
    fixed = pack(">6xH8xHHHHI", 1, info.channels, 16, 0, 0, TIMESCALE[Track.AUDIO] << 16)
    if info.codec == "opus":
        return box(b"Opus", fixed, box(b"dOps", info.config))
    return box(b"mp4a", fixed, _esds(info.config))


def _esds(config: bytes) -> bytes:
    """Returns the `esds` box around an AudioSpecificConfig (ISO/IEC 14496-1 §7.2.6).

    Object type 0x40 means MPEG-4 audio.
    """
    specific = bytes((5, len(config))) + config
    decoder = bytes((4, 13 + len(specific), 0x40, 0x15)) + bytes(11) + specific
    return full_box(
        b"esds", 0, 0, bytes((3, 3 + len(decoder) + 3)) + bytes(3) + decoder + bytes((6, 1, 2))
    )


_TRUN_FLAGS = 0x01000F01
"""Version and flags of `trun`: version 1, with a data offset, and with duration, size, flags and
composition offset for each sample.
"""


class _Layout:
    """The boxes around the samples of a fragment with `count` samples of one track.

    The moof box contains mfhd and traf. traf contains tfhd (default-base-is-moof), tfdt v1 and trun
    v1 (with a data offset). The header of mdat follows moof. Most bytes are equal in all such
    fragments.
    """

    __slots__ = ("before_fields", "before_sequence", "before_time", "pack", "size")

    def __init__(self, count: int, number: int) -> None:
        """`number`: the `track_ID`."""
        traf_size = 8 + 16 + 20 + 20 + 16 * count
        moof_size = 8 + 16 + traf_size
        self.before_sequence = pack(">I4sI4sI", moof_size, b"moof", 16, b"mfhd", 0)
        self.before_time = pack(
            ">I4sI4sIII4sI", traf_size, b"traf", 16, b"tfhd", 0x020000, number, 20, b"tfdt",
            0x01000000,
        )  # fmt: skip
        self.before_fields = pack(
            ">I4sIII", 20 + 16 * count, b"trun", _TRUN_FLAGS, count, moof_size + 8
        )
        self.pack = Struct(
            f">{len(self.before_sequence)}sI{len(self.before_time)}sQ{len(self.before_fields)}s"
            + "IIIi" * count
            + "I4s"
        ).pack
        self.size = moof_size + 8
        """Size of the boxes without the samples, bytes."""


@lru_cache(maxsize=32)
def _layout(count: int, number: int) -> _Layout:
    return _Layout(count, number)


def fragment(samples: Sequence[Sample], sequence: int, track: Track) -> bytes:
    """Returns a fragment: one `moof` and its `mdat`."""
    return b"".join(fragment_parts(samples, sequence, track))


def fragment_parts(samples: Sequence[Sample], sequence: int, track: Track) -> list[bytes]:
    """Returns the parts of a fragment: its boxes, then the data of each sample.

    A sample lasts until the `dts` of the next sample, even over a gap. The last sample keeps its
    own duration, or gets VIDEO_DURATION if its duration is unknown.
    """
    count = len(samples)
    layout = _layout(count, 1 if track is VIDEO else 2)
    parts = [b""]
    fields: list[int] = []
    total, left = 8, count
    for sample in samples:
        left -= 1
        size = len(sample.data)
        total += size
        parts.append(sample.data)
        fields += (
            samples[count - left].dts - sample.dts if left else sample.duration or VIDEO_DURATION,
            size,
            _SYNC if sample.key else _DISPOSABLE if sample.disposable else _REFERENCED,
            sample.pts - sample.dts,
        )
    parts[0] = layout.pack(
        layout.before_sequence,
        sequence & 0xFFFFFFFF,
        layout.before_time,
        samples[0].dts,
        layout.before_fields,
        *fields,
        total,
        b"mdat",
    )
    return parts


def muxed_fragment(runs: Sequence[Sequence[Sample]], sequence: int) -> bytes:
    """Returns a fragment of several tracks: one `moof` and its `mdat`. `runs`: the samples of each
    track, with exact durations. A track may have several runs.
    """
    runs = [run for run in runs if run]
    moof_size = 24 + sum(8 + 16 + 20 + 20 + 16 * len(run) for run in runs)
    at, trafs, media = moof_size + 8, [], []
    for run in runs:
        fields: list[int] = []
        size = 0
        for sample in run:
            length = len(sample.data)
            size += length
            media.append(sample.data)
            fields += (
                sample.duration,
                length,
                _SYNC if sample.key else _DISPOSABLE if sample.disposable else _REFERENCED,
                sample.pts - sample.dts,
            )
        trafs.append(
            box(
                b"traf",
                full_box(b"tfhd", 0, 0x020000, pack(">I", track_id(run[0].track))),
                full_box(b"tfdt", 1, 0, pack(">Q", run[0].dts)),
                full_box(
                    b"trun",
                    1,
                    _TRUN_FLAGS & 0xFFFFFF,
                    pack(f">II{'IIIi' * len(run)}", len(run), at, *fields),
                ),
            )
        )
        at += size
    moof = box(b"moof", full_box(b"mfhd", 0, 0, pack(">I", sequence & 0xFFFFFFFF)), *trafs)
    # Copy the media only once.
    return b"".join((moof, pack(">I4s", at - moof_size, b"mdat"), *media))
