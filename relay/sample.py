"""The vocabulary of streams: tracks, samples and demands. This module imports no other module."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Track(IntEnum):
    """The two tracks of a stream. The values are the track numbers in records."""

    VIDEO = 0
    AUDIO = 1


VIDEO: Final = Track.VIDEO
AUDIO: Final = Track.AUDIO
"""The members of Track as module constants, for code that runs for each sample. Reading an enum
member takes ten times as long.
"""

VIDEO_RATE: Final = 90_000
AUDIO_RATE: Final = 48_000
TIMESCALE = {Track.VIDEO: VIDEO_RATE, Track.AUDIO: AUDIO_RATE}
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


class Sample:
    """One complete access unit or one complete audio packet, with its times. Do not change a sample
    after its creation.
    """

    __slots__ = (
        "capture",
        "capture_estimated",
        "data",
        "disposable",
        "dts",
        "duration",
        "epoch",
        "key",
        "media_time",
        "pts",
        "publish",
        "track",
    )

    def __init__(
        self,
        track: Track,
        dts: int,
        pts: int,
        data: bytes,
        key: bool,
        disposable: bool,
        duration: int,
        capture: int,
        publish: int,
        epoch: int,
        capture_estimated: bool = False,
    ) -> None:
        self.track = track
        self.dts = dts
        """Media time of decoding, in ticks of the track's timescale."""
        self.pts = pts
        """Media time of presentation, in ticks of the track's timescale."""
        self.data = data
        """Video: NAL units without parameter sets, each preceded by its length in 4 bytes. Audio:
        one Opus packet.
        """
        self.key = key
        """Whether decoding can start at this sample: true for an IDR and for every audio packet."""
        self.disposable = disposable
        """Whether no other frame refers to this frame (`nal_ref_idc` 0)."""
        self.duration = duration
        """Duration in ticks. For audio, the value is exact. For video, the value is 0, because the
        duration of a video frame depends on the next frame.
        """
        self.capture = capture
        """When the sample was captured: µs since the Unix epoch, by the server's clock."""
        self.publish = publish
        """When the last packet of the sample arrived: µs since the Unix epoch."""
        self.epoch = epoch
        """Number of the publisher's session on this stream, from 1."""
        self.capture_estimated = capture_estimated
        """Whether `capture` is only an estimate, based on the arrival time, because no sender
        report has arrived yet.
        """
        self.media_time = pts * 1_000_000 // (VIDEO_RATE if track is VIDEO else AUDIO_RATE)
        """The presentation time in µs."""

    def lasting(self, duration: int, dts: int | None = None) -> "Sample":
        """Returns a copy with another duration, in ticks. `dts`: another time of decoding; the time
        of presentation stays.
        """
        return Sample(
            self.track,
            self.dts if dts is None else dts,
            self.pts,
            self.data,
            self.key,
            self.disposable,
            duration,
            self.capture,
            self.publish,
            self.epoch,
            self.capture_estimated,
        )


@dataclass(frozen=True, slots=True)
class Demand:
    """What viewers need from the publisher. A demand can be serialised, because the publisher may
    be on another machine.
    """

    keyframe: bool = False
