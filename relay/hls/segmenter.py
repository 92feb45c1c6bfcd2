"""Makes parts of HLS segments from samples (RFC 8216bis §4.4.4.9). Pure.

The durations in the playlist are exact, so errors do not accumulate. If possible, a part ends
between two frames, after 85 to 100 % of PART_TARGET. Otherwise the part ends after exactly
PART_TARGET, in the middle of a frame.
"""

from dataclasses import dataclass
from enum import Enum

from relay.hls.capture_dates import CaptureDates, microseconds
from relay.media.bmff import init_segment, muxed_fragment
from relay.sample import TIMESCALE, Sample, Track, TrackInfo

SCALE = TIMESCALE[Track.VIDEO]
PART_TARGET = 18_900
"""Maximum duration of a part: 0.21 s in 90 kHz ticks. All times in this module are in 90
kHz ticks.
"""
PART_LEAST = PART_TARGET * 85 // 100
"""Minimum duration of a part. iOS accepts a shorter part only at the end of a segment, before a
gap, or with an IDR.
"""
PART_ENOUGH = PART_TARGET * 9 // 10
"""Duration after which a part ends at the next frame: 0.189 s. At all usual frame rates, a part
then has whole frames and lasts 0.2 s: for example six frames at 30 frames a second, five at 24.
"""
TARGET_DURATION = 2
"""Maximum duration of a segment, rounded to whole seconds (`EXT-X-TARGETDURATION`)."""
SEGMENT_LEAST = SCALE * 3 // 2
"""Duration after which a segment ends at the next IDR: 1.5 s."""
SEGMENT_MOST = SCALE * 245 // 100
"""Maximum duration of a segment without a new IDR: 2.45 s. A longer duration could round to more
than TARGET_DURATION.
"""
KEY_WANTED = SCALE * 17 // 10
"""Duration of a segment at which an IDR should be requested: 1.7 s. The IDR arrives 0.1 to 0.3 s
later and ends the segment.
"""

FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class SegmentStart:
    """The properties of a segment that are known at its start."""

    init: bytes
    """Content of the init segment (`EXT-X-MAP`)."""
    date: int
    """Date of the first frame (CaptureDates): µs since the Unix epoch."""
    discontinuity: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One complete part of a segment (a partial segment in RFC 8216bis)."""

    began: int
    """Media time."""
    duration: int
    data: bytes
    """The media of the part: one fragment; empty if the part is a gap."""
    independent: bool = False
    """Whether the part contains an IDR."""
    start: SegmentStart | None = None
    """Properties of the segment that starts with this part; None if the part does not start a
    segment.
    """
    last: bool = False
    """Whether it is already known that this part is the last part of its segment. If False, the
    part may turn out to be the last one: the next part may start a new segment.
    """

    @property
    def gap(self) -> bool:
        return not self.data

    @property
    def microseconds(self) -> int:
        """Duration, µs. The sum of the durations of consecutive parts is exact."""
        return microseconds(self.began + self.duration) - microseconds(self.began)


class _State(Enum):
    WAITING = 0
    """No IDR has arrived yet."""
    OPEN = 1
    GAP = 2


class Segmenter:
    """Makes parts from audio and video samples, which must come in order of decode time. After a
    new SPS or a new epoch, the next IDR starts a segment.
    """

    def __init__(self, audio: TrackInfo) -> None:
        self._audio_track = audio
        self._video: TrackInfo | None = None
        self._init = b""
        self._renewed = False
        self._state = _State.WAITING
        self._epoch = 0
        self._began = 0
        self._segment_began = 0
        self._start: SegmentStart | None = None
        self._frames: list[Sample] = []
        self._audio: list[Sample] = []
        self._sequence = 0
        self._dates = CaptureDates()

    @property
    def began(self) -> int:
        """Start of the current, incomplete part (media time, 90 kHz ticks)."""
        return self._began

    @property
    def open(self) -> bool:
        return self._state is _State.OPEN

    @property
    def waiting(self) -> bool:
        """Whether the segmenter still waits for its first IDR."""
        return self._state is _State.WAITING

    @property
    def key_wanted_at(self) -> int:
        """The media time at which an IDR should be requested, in 90 kHz ticks."""
        return self._segment_began + KEY_WANTED

    def receive_newest(self, frame: Sample) -> None:
        """Takes the newest frame of the stream, which `receive` may get later, for the dates."""
        self._dates.receive(frame)

    def receive_track(self, info: TrackInfo) -> None:
        """Sets the decoding parameters of the video. The parameters apply from the next IDR."""
        if info.track is Track.VIDEO and info != self._video:
            self._video, self._renewed = info, True

    def receive(self, sample: Sample) -> list[Part]:
        """Takes the next sample. Returns the completed parts. Drops samples before the first IDR of
        an epoch.
        """
        if sample.track is Track.AUDIO:
            if (
                self._state is _State.OPEN
                and sample.epoch == self._epoch
                and _ticks(sample) + PART_TARGET > self._began
            ):
                self._audio.append(sample)
            return []
        if self._state is not _State.OPEN or sample.epoch != self._epoch:
            return self._reopen(sample) if sample.key and self._video else []
        if sample.dts < self._began or (self._frames and sample.dts <= self._frames[-1].dts):
            return []
        parts = self._cut_to(sample.dts)
        age = sample.dts - self._segment_began
        if sample.key and (self._renewed or age >= SEGMENT_LEAST):
            parts += (
                self._cut(sample.dts, sample.dts, last=True) if sample.dts > self._began else []
            )
            if self._renewed:
                self._dates.begin(sample)
            self._open(sample, discontinuity=self._renewed)
        elif sample.dts - self._began >= PART_ENOUGH:
            parts += self._cut(sample.dts, sample.dts)
        self._frames.append(sample)
        return parts

    def stall(self, until: int) -> list[Part]:
        """Makes parts up to `until` without new frames: the last frame is extended, and later parts
        contain only audio. No frame with a time before `until` may follow. Returns the completed
        parts.
        """
        return self._cut_to(until) if self._state is _State.OPEN else []

    def gap(self, until: int) -> list[Part]:
        """Makes gaps up to `until`: ends the segment, then adds parts without media. No media with
        a time before `until` may follow. Returns the completed parts.
        """
        parts: list[Part] = []
        if self._state is _State.OPEN:
            parts += self._close()
            self._state = _State.GAP
            self._segment_began = self._began
            self._start = SegmentStart(self._init, self._dates.date(self._began), False)
        while self._state is _State.GAP and self._began + PART_TARGET <= until:
            parts += self._emit(self._began + PART_TARGET, b"")
        return parts

    def end(self) -> list[Part]:
        """Ends the stream. Returns the remaining parts."""
        return self._close() if self._state is _State.OPEN else []

    def _reopen(self, key: Sample) -> list[Part]:
        parts = self._close(key.dts) if self._state is _State.OPEN else []
        first = self._state is _State.WAITING
        self._state, self._epoch = _State.OPEN, key.epoch
        self._dates.begin(key)
        self._open(key, discontinuity=not first)
        self._frames.append(key)
        return parts

    def _open(self, key: Sample, *, discontinuity: bool) -> None:
        assert self._video is not None
        if self._renewed:
            self._init, self._renewed = init_segment(self._video, self._audio_track), False
        self._segment_began = self._began = key.dts
        self._start = SegmentStart(self._init, self._dates.date(key.dts), discontinuity)
        self._audio = [sample for sample in self._audio if _ticks(sample) >= key.dts]

    def _close(self, following: int = FOREVER) -> list[Part]:
        """Ends the part and the segment after the last frame. The last frame gets the duration of
        the previous frame, but ends at `following` at the latest. `following`: time at which a new
        epoch starts. Returns the completed parts.
        """
        if not self._frames:
            self._audio = []
            return []
        rates = [
            after.dts - before.dts
            for before, after in zip(self._frames, self._frames[1:], strict=False)
        ]
        newest = self._frames[-1].dts
        end = newest + min(rates[-1] if rates else SCALE // 30, SCALE // 5)
        if newest < following:
            end = min(end, following)
        parts = self._cut_to(end)
        parts += self._cut(end, end, last=True) if end > self._began else []
        self._frames, self._audio = [], []
        return parts

    def _cut_to(self, dts: int) -> list[Part]:
        """Ends parts until the current part begins at most PART_TARGET before `dts`. `dts`: time of
        the next frame, or the time up to which no frame will arrive. Returns the completed parts.
        """
        parts: list[Part] = []
        while dts - self._began > PART_TARGET:
            latest = max((frame.dts for frame in self._frames), default=0)
            between = PART_LEAST <= latest - self._began <= PART_TARGET
            parts += self._cut(latest if between else self._began + PART_TARGET, dts)
        return parts

    def _cut(self, boundary: int, following: int, *, last: bool = False) -> list[Part]:
        """Ends the current part at `boundary` and returns it. `following`: time at which the last
        known frame ends.
        """
        starts = [frame.dts for frame in self._frames] + [following]
        count = sum(frame.dts < boundary for frame in self._frames)
        # A part begins with the decode time of its first frame. Shaka Player moves the media if a
        # part begins later than the playlist says, and drops all frames up to the next IDR.
        starts[0] = self._began
        frames = [
            frame.lasting(end - start, start)
            for frame, start, end in zip(self._frames[:count], starts, starts[1:], strict=False)
        ]
        audio = [sample for sample in self._audio if _ticks(sample) < boundary]
        self._frames = self._frames[count:]
        self._audio = self._audio[len(audio) :]
        data = muxed_fragment((frames, audio), self._sequence) if frames or audio else b""
        self._sequence += 1
        return self._emit(boundary, data, independent=any(frame.key for frame in frames), last=last)

    def _emit(
        self, boundary: int, data: bytes, *, independent: bool = False, last: bool = False
    ) -> list[Part]:
        last = last or boundary + PART_TARGET - self._segment_began > SEGMENT_MOST
        duration = boundary - self._began
        part = Part(self._began, duration, data, independent, self._start, last)
        self._began, self._start = boundary, None
        if last:
            self._segment_began = boundary
            self._dates.correct()
            self._start = SegmentStart(self._init, self._dates.date(boundary), False)
        return [part]


def _ticks(sample: Sample) -> int:
    return sample.dts * SCALE // TIMESCALE[Track.AUDIO]
