"""Divides the window of a stream into segments that viewers can load one by one. Pure.

A segment never crosses a change of the picture size or an interruption of the live. Its content
depends only on its start, so that all viewers load the same files although the window moves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from relay.sample import VIDEO_RATE, TrackInfo
from relay.stream.window import Frame

STEP: Final = 2_000_000
"""A segment ends at the first keyframe in each interval of this length, µs. The intervals begin at
media time 0, so that the ends do not depend on the start of the window.
"""
LONGEST: Final = 4_000_000
"""Maximum length of a segment, µs. A publisher without frequent keyframes makes segments that do
not begin with a keyframe.
"""
LARGEST: Final = 8 * 1024 * 1024
"""Size of the video at which a segment ends, bytes."""
SETTLED: Final = 1_000_000
"""Minimum distance between the end of a segment and the live edge, µs. At this distance, the audio
of the segment has arrived too.
"""
LAST_FRAME: Final = VIDEO_RATE // 30
"""Duration of the last frame before an interruption, in 90 kHz ticks. The true duration is unknown.
"""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the window."""

    video: TrackInfo
    epoch: int
    key: bool
    """Whether the segment begins with a keyframe."""
    start: int
    """Media time of the first frame, µs."""
    end: int
    """Media time at which the last frame ends, µs."""
    first_dts: int
    """Media time of decoding of the first frame, in 90 kHz ticks."""
    end_dts: int
    """Media time of decoding at which the last frame ends, in 90 kHz ticks."""
    first: int
    """Index of the first frame in the snapshot."""
    following: int
    """Index of the first sample after the last frame, in the snapshot."""


class _Open:
    """A segment that still takes frames."""

    __slots__ = ("first", "last", "size", "video")

    def __init__(self, first: Frame, video: TrackInfo) -> None:
        self.first = self.last = first
        self.video = video
        self.size = first.size

    def add(self, frame: Frame) -> None:
        self.last = frame
        self.size += frame.size

    def ends_at(self, frame: Frame) -> bool:
        """Whether `frame`, which follows without an interruption, begins another segment."""
        start = self.first.media_time
        if frame.key and frame.media_time // STEP != start // STEP:
            return True
        return frame.media_time - start >= LONGEST or self.size >= LARGEST

    def close(self, following: Frame | None) -> Segment:
        """Returns the segment. `following`: the next frame; None if an interruption follows this
        segment.
        """
        first, last = self.first, self.last
        end_dts = following.dts if following else last.dts + LAST_FRAME
        return Segment(
            self.video,
            first.epoch,
            first.key,
            first.media_time,
            following.media_time if following else last.media_time + _microseconds(LAST_FRAME),
            first.dts,
            end_dts,
            first.place,
            last.place + 1,
        )


def segments_of(
    frames: Iterable[Frame], tracks: Sequence[tuple[int, TrackInfo]], newest: int
) -> list[Segment]:
    """Returns the complete segments of a window, oldest first. `frames`: all video frames.
    `tracks`: the video parameters of these frames (`Stream.video_tracks`). `newest`: the live
    edge, µs.

    Frames that cannot be decoded are left out: those before the first keyframe, and those whose
    parameters the stream has forgotten.
    """
    found: list[Segment] = []
    current: _Open | None = None
    for frame in frames:
        if current and frame.epoch == current.first.epoch:
            video = _parameters(tracks, frame.media_time) if frame.key else current.video
            if video is current.video and not current.ends_at(frame):
                current.add(frame)
                continue
            found.append(current.close(frame))
            current = _Open(frame, video) if video else None
            continue
        if current:
            found.append(current.close(None))
            current = None
        if frame.key and (video := _parameters(tracks, frame.media_time)):
            current = _Open(frame, video)
    return [segment for segment in found if segment.end <= newest - SETTLED]


def segment_at(segments: Sequence[Segment], media_time: int) -> Segment | None:
    """Returns the segment that contains `media_time` (µs); None if there is no such segment."""
    for segment in segments:
        if segment.start <= media_time < segment.end:
            return segment
    return None


def _parameters(tracks: Sequence[tuple[int, TrackInfo]], media_time: int) -> TrackInfo | None:
    for since, info in reversed(tracks):
        if since <= media_time:
            return info
    return None


def _microseconds(ticks: int) -> int:
    return ticks * 1_000_000 // VIDEO_RATE
