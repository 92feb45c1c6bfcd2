"""The vocabulary of streams: tracks, samples and demands. Imports nothing."""

from dataclasses import dataclass
from enum import IntEnum


class Track(IntEnum):
    """The two tracks of a stream, by their number on the wire."""

    VIDEO = 0
    AUDIO = 1


TIMESCALE = {Track.VIDEO: 90_000, Track.AUDIO: 48_000}
"""Ticks per second of each track's decode and presentation times."""


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """The decoding parameters of a track. Init segments, codec strings and SDP answers are made
    from them.
    """

    track: Track
    codec: str
    """RFC 6381 codec string: `avc1.42C01F` or `opus`."""
    config: bytes
    """Body of `avcC` (ISO/IEC 14496-15 §5.3.3) or of `dOps` (Opus in ISOBMFF §4.3.2)."""
    width: int = 0
    height: int = 0
    channels: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One access unit or one audio packet, complete and in order."""

    track: Track
    dts: int
    """Media time of decoding, in ticks of the track's timescale."""
    pts: int
    """Media time of presentation, in ticks of the track's timescale."""
    data: bytes
    """Video: length-prefixed NAL units (4 bytes) without parameter sets. Audio: one Opus packet."""
    key: bool
    """Decoding can start here (an IDR; every audio packet)."""
    disposable: bool
    """No other frame refers to it (`nal_ref_idc` 0)."""
    duration: int
    """Ticks; exact for audio, 0 for video (unknown until the next frame)."""
    capture: int
    """When it was captured: µs since the Unix epoch on the server's clock."""
    publish: int
    """When its last packet arrived: µs since the Unix epoch."""
    epoch: int
    """Number of the publisher's session on this stream, from 1."""
    capture_estimated: bool = False
    """Whether no sender report has arrived: `capture` is then the arrival time minus an
    estimate.
    """

    @property
    def media_time(self) -> int:
        """Presentation time in µs."""
        return self.pts * 1_000_000 // TIMESCALE[self.track]


@dataclass(frozen=True, slots=True)
class Demand:
    """What viewers need from the publisher. It can be serialised, because the publisher may be on
    another machine.
    """

    keyframe: bool = False
