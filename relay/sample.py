"""The vocabulary of streams: tracks, samples and demands. This module imports no other module."""

from dataclasses import dataclass
from enum import IntEnum


class Track(IntEnum):
    """The two tracks of a stream. The values are the track numbers in records."""

    VIDEO = 0
    AUDIO = 1


TIMESCALE = {Track.VIDEO: 90_000, Track.AUDIO: 48_000}
"""Ticks per second of each track's decode and presentation times."""


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """The decoding parameters of a track. Init segments, codec strings and SDP answers are made
    from these parameters.
    """

    track: Track
    codec: str
    """Codec string (RFC 6381), for example `avc1.42C01F` or `opus`."""
    config: bytes
    """Body of `avcC` (ISO/IEC 14496-15 §5.3.3) or of `dOps` (Opus in ISOBMFF §4.3.2)."""
    width: int = 0
    height: int = 0
    channels: int = 0


@dataclass(slots=True)  # a frozen dataclass takes twice as long to make
class Sample:
    """One complete access unit or one complete audio packet, with its times. Must not be
    changed.
    """

    track: Track
    dts: int
    """Media time of decoding, in ticks of the track's timescale."""
    pts: int
    """Media time of presentation, in ticks of the track's timescale."""
    data: bytes
    """Video: NAL units without parameter sets, each preceded by its length in 4 bytes. Audio: one
    Opus packet.
    """
    key: bool
    """Whether decoding can start at this sample: true for an IDR and for every audio packet."""
    disposable: bool
    """Whether no other frame refers to this frame (`nal_ref_idc` 0)."""
    duration: int
    """Duration in ticks: exact for audio. It is 0 for video, because the duration of a video frame
    depends on the next frame.
    """
    capture: int
    """When the sample was captured: µs since the Unix epoch, by the server's clock."""
    publish: int
    """When the last packet of the sample arrived: µs since the Unix epoch."""
    epoch: int
    """Number of the publisher's session on this stream, from 1."""
    capture_estimated: bool = False
    """Whether `capture` is only an estimate, based on the arrival time, because no sender report
    has arrived yet.
    """

    @property
    def media_time(self) -> int:
        """The presentation time in µs."""
        return self.pts * 1_000_000 // TIMESCALE[self.track]


@dataclass(frozen=True, slots=True)
class Demand:
    """What viewers need from the publisher. A demand can be serialised, because the publisher may
    be on another machine.
    """

    keyframe: bool = False
