"""Makes the pieces and segments of a recording from the samples of a stream. Pure.

A segment begins at a keyframe and lasts about 4 s. A piece begins with each new picture size or
track configuration. All durations are exact, so that segments that follow each other without an
interruption leave no gap. Times without a unit are in 90 kHz ticks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from relay.media.bmff import init_segment, muxed_fragment
from relay.rtc.bucket import TokenBucket
from relay.sample import AUDIO_RATE, VIDEO, VIDEO_RATE, Sample, Track, TrackInfo

SCALE = VIDEO_RATE
SEGMENT_LEAST = SCALE * 35 // 10
"""Duration after which a segment ends at the next keyframe: 3.5 s."""
SEGMENT_MOST = SCALE * 20
"""Maximum duration of a segment: 20 s. Without a keyframe, the next segment begins at another
frame.
"""
SEGMENT_BYTES = 16 << 20
"""Maximum size of the samples of a segment, bytes; only its last sample may exceed the limit."""
KEY_WANTED = SCALE * 17 // 10
"""Age of the latest keyframe at which the recording wants a keyframe: 1.7 s. Browsers send a
keyframe only on demand.
"""
LATE = SCALE
"""Maximum time for which a segment with all its frames waits for the rest of its audio: 1 s."""
AWAY = SCALE
"""Time without any media after which the recording is interrupted: 1 s. The interruption is left
out: the segment ends, and the next segment begins with the next sample.
"""
LAST_FRAME = SCALE // 30
LAST_FRAME_MOST = SCALE // 5
"""The duration of a last frame, if no earlier frame shows the frame rate, and its maximum."""
STARTS_PER_SECOND, STARTS_AT_ONCE = 0.5, 30
"""Limits on the number of segments. They matter only for a publisher that changes the picture size
with each keyframe. Samples beyond the limits are left out.
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a recording with the same picture size and track configuration."""

    piece: int
    """Number of the piece, from 1."""
    init: bytes
    """The init segment, with H.264 and Opus."""
    width: int
    height: int
    media_time: int
    """Start of the piece, µs."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a recording."""

    sequence: int
    """Number of the segment, from 1."""
    piece: int
    media_time: int
    """Start of the segment, µs."""
    duration: int
    """Duration, µs."""
    epoch: int
    runs: tuple[tuple[Sample, ...], ...]
    """The samples with exact durations. Each run has samples of one track without a gap."""

    def data(self) -> bytes:
        """Returns the content of the segment: one fragment."""
        return muxed_fragment(self.runs, self.sequence)


Output = Piece | Segment


@dataclass(slots=True)
class _Part:
    """A segment that is not complete yet."""

    began: int
    piece: int
    epoch: int
    end: int = 0
    """End of the segment; valid only after all its frames have arrived."""
    frames: list[Sample] = field(default_factory=list)
    sounds: list[Sample] = field(default_factory=list)
    size: int = 0


class Segmenter:
    """Makes segments. Call `receive` for each sample and track in order of publication, `skip` if
    samples are missing, and `end` at the end. Samples before the first keyframe are left out.
    """

    def __init__(self, sequence: int = 0, piece: Piece | None = None) -> None:
        """`sequence` and `piece`: the last segment and the last piece of an earlier process that
        recorded the same live.
        """
        self._sequence = sequence
        self._piece = piece
        self._tracks: dict[Track, TrackInfo] = {}
        self._renewed = True
        """Whether the tracks have changed since the last segment began."""
        self._waiting = True
        """Whether samples are left out until the next keyframe."""
        self._epoch = 0
        self._part: _Part | None = None
        """The segment to which new frames belong."""
        self._closing: _Part | None = None
        """The previous segment, which may still get audio."""
        self._edge = 0
        """End of the newest audio packet or time of the newest frame."""
        self._newest_frame = -1
        self._newest_key = 0
        self._starts = TokenBucket(STARTS_PER_SECOND, STARTS_AT_ONCE)

    @property
    def wants_key(self) -> bool:
        """Whether a keyframe should be demanded from the publisher."""
        if not self._tracks:
            return False
        return self._waiting or self._edge - self._newest_key >= KEY_WANTED

    def receive(self, item: Sample | TrackInfo) -> list[Output]:
        """Takes the next sample or track. Returns what is complete now."""
        if isinstance(item, TrackInfo):
            self._renewed = self._renewed or self._tracks.get(item.track) != item
            self._tracks[item.track] = item
            return []
        if item.epoch < self._epoch:
            return []
        ticks = _ticks(item)
        found: list[Output] = []
        if item.epoch > self._epoch:
            found += self._close(ticks)
            self._epoch, self._waiting = item.epoch, True
        elif self._part and ticks - self._edge > AWAY:
            found += self._close(ticks)
        found += self._add_frame(item) if item.track is VIDEO else self._add_sound(item, ticks)
        return found

    def skip(self) -> list[Output]:
        """Ends the segment, because samples are missing. The next segment begins with the next
        keyframe.
        """
        found = self._close()
        self._waiting = True
        return found

    def end(self) -> list[Output]:
        """Ends the recording."""
        return self._close()

    # Samples in

    def _add_frame(self, frame: Sample) -> list[Output]:
        found: list[Output] = []
        if (self._waiting and not frame.key) or frame.dts <= self._newest_frame:
            return found
        part = self._part
        if part and self._is_due(part, frame):
            found += self._cut(frame.dts)
            part = self._part
        if part is None:
            part, begun = self._begin(frame.dts)
            found += begun
            if part is None:
                return found
        part.frames.append(frame)
        part.size += len(frame.data)
        self._newest_frame = frame.dts
        self._edge = max(self._edge, frame.dts)
        if frame.key:
            self._newest_key = frame.dts
        if self._closing and frame.dts > self._closing.end + LATE:
            found += self._complete()
        return found

    def _add_sound(self, sound: Sample, ticks: int) -> list[Output]:
        found: list[Output] = []
        if self._waiting:
            return found
        part, closing = self._part, self._closing
        if part and ticks - part.began >= SEGMENT_MOST:
            found += self._cut(ticks)
            part, closing = self._part, self._closing
        if closing and ticks < closing.end:
            part = closing
        elif closing:
            found += self._complete()
        if part is None:
            part, begun = self._begin(ticks)
            found += begun
            if part is None:
                return found
        part.sounds.append(sound)
        part.size += len(sound.data)
        self._edge = max(self._edge, ticks + _video_ticks(sound.duration))
        return found

    def _is_due(self, part: _Part, frame: Sample) -> bool:
        """Whether the segment ends before this frame."""
        age = frame.dts - part.began
        if age <= 0:
            return False
        if frame.key and (self._renewed or age >= SEGMENT_LEAST):
            return True
        return age >= SEGMENT_MOST or part.size >= SEGMENT_BYTES

    # Segments

    def _begin(self, ticks: int) -> tuple[_Part | None, list[Output]]:
        """Begins a segment, and a piece if the tracks have changed. Returns no segment if there are
        too many segments, or if the video is unknown.
        """
        video = self._tracks.get(Track.VIDEO)
        if video is None or not self._starts.take(ticks / SCALE):
            self._waiting = True
            return None, []
        self._waiting = False
        begun = self._begin_piece(video, ticks)
        assert self._piece is not None
        self._part = _Part(ticks, self._piece.piece, self._epoch)
        return self._part, begun

    def _begin_piece(self, video: TrackInfo, ticks: int) -> list[Output]:
        if not self._renewed:
            return []
        self._renewed = False
        init = init_segment(*(self._tracks[track] for track in sorted(self._tracks)))
        if self._piece and self._piece.init == init:
            return []
        number = self._piece.piece + 1 if self._piece else 1
        self._piece = Piece(number, init, video.width, video.height, _microseconds(ticks))
        return [self._piece]

    def _cut(self, boundary: int) -> list[Output]:
        """Ends the segment at `boundary`, where the next segment begins. The segment may still get
        audio.
        """
        found = self._complete()
        part, self._part = self._part, None
        assert part is not None
        early = [sound for sound in part.sounds if _ticks(sound) >= boundary]
        part.sounds = part.sounds[: len(part.sounds) - len(early)]
        part.end, self._closing = boundary, part
        if early:  # The audio has passed the boundary already.
            found += self._complete()
        following, begun = self._begin(boundary)
        found += begun
        if following:
            following.sounds = early
        return found

    def _close(self, following: int | None = None) -> list[Output]:
        """Ends the segment after its last sample. `following`: time of the sample that follows an
        interruption.
        """
        found = self._complete()
        part, self._part = self._part, None
        if part is None:
            return found
        ends = [_ticks(sound) + _video_ticks(sound.duration) for sound in part.sounds[-1:]]
        if part.frames:
            ends.append(part.frames[-1].dts + _last_duration(part.frames))
        part.end = max(ends)
        if following is not None and part.frames and following > part.frames[-1].dts:
            part.end = min(part.end, following)
        self._closing = part
        return found + self._complete()

    def _complete(self) -> list[Output]:
        """Returns the segment that waited for the rest of its audio."""
        part, self._closing = self._closing, None
        if part is None or not (part.frames or part.sounds):
            return []
        self._sequence += 1
        began = _microseconds(part.began)
        duration = _microseconds(part.end) - began
        return [
            Segment(self._sequence, part.piece, began, duration, part.epoch, tuple(_runs(part)))
        ]


def _runs(part: _Part) -> Iterator[tuple[Sample, ...]]:
    """Yields the samples of the segment, with exact durations, in runs without gaps."""
    if part.frames:
        ends = [frame.dts for frame in part.frames[1:]] + [part.end]
        yield tuple(
            frame.lasting(max(end - frame.dts, 1))
            for frame, end in zip(part.frames, ends, strict=True)
        )
    run: list[Sample] = []
    for sound in part.sounds:
        if run and run[-1].dts + run[-1].duration != sound.dts:
            yield tuple(run)
            run = []
        run.append(sound)
    if run:
        yield tuple(run)


def _last_duration(frames: list[Sample]) -> int:
    if len(frames) < 2:
        return LAST_FRAME
    return min(frames[-1].dts - frames[-2].dts, LAST_FRAME_MOST)


def _ticks(sample: Sample) -> int:
    return sample.dts if sample.track is VIDEO else _video_ticks(sample.dts)


def _video_ticks(audio_ticks: int) -> int:
    return audio_ticks * VIDEO_RATE // AUDIO_RATE


def _microseconds(ticks: int) -> int:
    return ticks * 1_000_000 // SCALE
