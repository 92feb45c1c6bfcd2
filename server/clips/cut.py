"""Cuts a clip out of the samples of a live. Pure.

A clip begins at a keyframe and has one picture size, so that the video need not be encoded again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise
from operator import attrgetter, itemgetter

from relay.sample import AUDIO_RATE, VIDEO, VIDEO_RATE, Sample, TrackInfo

SHORTEST, LONGEST = 5_000_000, 60_000_000
"""Limits of the length of a clip, µs."""
TOLERANCE = 50_000
"""Accepted deviation from SHORTEST and LONGEST, µs. Keyframes are not exactly 2 s apart."""
SHORTEST_PICTURE = 2 * VIDEO_RATE
"""Minimum time for which a picture size must last, 90 kHz ticks. Browsers change the size several
times in the first seconds of a live.
"""
LONGEST_ABSENCE = 2 * VIDEO_RATE
"""Maximum time from the last frame of a publisher's session to the first frame of the next session
within a clip, 90 kHz ticks. The clip shows the last frame for this time.
"""
LEAD, TAIL = AUDIO_RATE, AUDIO_RATE // 2
"""Audio that a cut contains before its start and after its end, 48 kHz ticks. The AAC encoder needs
up to two blocks before and after a clip (`server.clips.sound`).
"""
FRAME = VIDEO_RATE // 30
"""Duration of the last frame if no other frame shows how long frames last, 90 kHz ticks."""


class CutProblem(StrEnum):
    """The reason why a clip cannot be cut. The values are refusal codes of the API."""

    TOO_SHORT = "clip_too_short"
    TOO_LONG = "clip_too_long"
    GONE = "moment_gone"
    """The samples do not contain this moment."""


class CutRefused(Exception):
    """The clip cannot be cut."""

    def __init__(self, problem: CutProblem, reason: str) -> None:
        super().__init__(reason)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Cut:
    """Successive samples with one picture size. The video begins at a keyframe."""

    info: TrackInfo
    video: Sequence[Sample]
    """The frames in decoding order."""
    audio: Sequence[Sample]
    """The Opus packets from LEAD before the start to TAIL after the end, as far as they exist."""
    end_ticks: int
    """Media time at which the last frame ends, 90 kHz ticks."""

    @property
    def start_ticks(self) -> int:
        """Media time of the first frame, 90 kHz ticks."""
        return self.video[0].pts

    @property
    def start(self) -> int:
        """Media time of the first frame, µs."""
        return self.video[0].media_time

    @property
    def end(self) -> int:
        """Media time at which the last frame ends, µs."""
        return _microseconds(self.end_ticks)

    @property
    def duration(self) -> int:
        """Duration, µs."""
        return self.end - self.start

    @property
    def keyframes(self) -> list[Sample]:
        return [sample for sample in self.video if sample.key]

    def trimmed(self, start: int, end: int) -> "Cut":
        """Returns the clip from `start` to `end` (media times, µs). The clip begins at the last
        keyframe at or before `start`, and ends with the frame that is shown until `end`. Both ends
        stay within this cut. Raises CutRefused.
        """
        _check_length(end - start)
        if end <= self.start or start >= self.end:
            raise CutRefused(CutProblem.GONE, "this moment is no longer available")
        last, end_ticks = self._last_before(end)
        first = self._keyframe_before(start, end_ticks)
        video = self.video[first : last + 1]
        if not video:
            raise CutRefused(CutProblem.TOO_SHORT, "there is no keyframe in this time")
        clip = Cut(self.info, video, _around(self.audio, video[0].pts, end_ticks), end_ticks)
        _check_length(clip.duration)
        return clip

    def _last_before(self, end: int) -> tuple[int, int]:
        """Returns the index of the last frame of a clip that ends at `end` (µs), and the media time
        at which this frame ends (ticks).
        """
        for index, ticks in _ends(self.video):
            if _microseconds(ticks) + 1 >= end:
                return index, ticks
        return len(self.video) - 1, self.end_ticks

    def _keyframe_before(self, start: int, end_ticks: int) -> int:
        """Returns the index of the first frame of a clip that starts at `start` (µs)."""
        keys = [index for index, sample in enumerate(self.video) if sample.key]
        place = bisect_right(keys, start + 1, key=lambda index: self.video[index].media_time) - 1
        first = keys[max(0, place)]
        too_long = _microseconds(end_ticks) - self.video[first].media_time > LONGEST + TOLERANCE
        return keys[place + 1] if too_long and place + 1 < len(keys) else first


def cut(
    samples: Iterable[Sample],
    tracks: Sequence[tuple[int, TrackInfo]],
    start: int,
    end: int,
    tap: int | None = None,
) -> Cut:
    """Returns the clip from `start` to `end` (media times, µs). Raises CutRefused.

    `samples`: of both tracks, each track in decoding order. `tracks`: the video tracks of the
    samples in order, each with the media time of its first keyframe. `tap`: a moment that decides
    which picture size the clip shows if there are several; by default, this is `end`.
    """
    return stretch(samples, tracks, end if tap is None else tap).trimmed(start, end)


def stretch(samples: Iterable[Sample], tracks: Sequence[tuple[int, TrackInfo]], tap: int) -> Cut:
    """Returns the longest cut that contains the moment `tap` (media time, µs): from one change of
    the picture size to the next. If this cut is shorter than a clip, returns the nearest earlier
    cut that is long enough, or else the nearest later cut. Raises CutRefused if there is no video.
    """
    video: list[Sample] = []
    audio: list[Sample] = []
    for sample in samples:
        (video if sample.track is VIDEO else audio).append(sample)
    found = [
        Cut(info, frames, _around(audio, frames[0].pts, end), end)
        for info, frames, end in _pieces(video, tracks)
        if end - frames[0].pts >= SHORTEST_PICTURE
    ]
    if not found:
        raise CutRefused(CutProblem.TOO_SHORT, "there are not yet 5 seconds of video")
    long_enough = [piece for piece in found if piece.duration >= SHORTEST - TOLERANCE]
    candidates = long_enough or found
    before = [piece for piece in candidates if piece.start <= tap]
    return before[-1] if before else candidates[0]


def _check_length(length: int) -> None:
    if length < SHORTEST - TOLERANCE:
        raise CutRefused(CutProblem.TOO_SHORT, "a clip lasts at least 5 seconds")
    if length > LONGEST + TOLERANCE:
        raise CutRefused(CutProblem.TOO_LONG, "a clip lasts at most 60 seconds")


def _pieces(
    video: Sequence[Sample], tracks: Sequence[tuple[int, TrackInfo]]
) -> Iterator[tuple[TrackInfo, Sequence[Sample], int]]:
    """Yields each part of the video that has one picture size and no long absence: its video track,
    its frames, and the media time at which it ends (ticks).
    """
    begins = {
        bisect_left(video, at, key=attrgetter("media_time"))
        for (_, before), (at, after) in pairwise(tracks)
        if after != before
    }
    begins |= {
        index
        for index, (before, after) in enumerate(pairwise(video), 1)
        if after.epoch != before.epoch and after.dts - before.dts > LONGEST_ABSENCE
    }
    edges = [0, *sorted(begins - {0, len(video)}), len(video)]
    for begin, until in pairwise(edges):
        first = next((index for index in range(begin, until) if video[index].key), until)
        info = _track_at(tracks, video[first].media_time) if first < until else None
        if info:
            frames = video[first:until]
            following = video[until].dts if until < len(video) else None
            yield info, frames, _end(frames, following)


def _track_at(tracks: Sequence[tuple[int, TrackInfo]], media_time: int) -> TrackInfo | None:
    place = bisect_right(tracks, media_time, key=itemgetter(0))
    return tracks[place - 1][1] if place else None


def _end(frames: Sequence[Sample], following: int | None) -> int:
    """Returns the media time at which the last frame ends, ticks. `following`: the decode time of
    the next frame, if there is one.
    """
    shown = sorted(frame.pts for frame in frames[-8:])
    usual = shown[-1] - shown[-2] if len(shown) > 1 else FRAME
    last = frames[-1]
    lasts = last.duration or usual
    if following is not None and following - shown[-1] <= LONGEST_ABSENCE:
        return max(following, shown[-1] + 1)
    return shown[-1] + lasts


def _ends(video: Sequence[Sample]) -> Iterator[tuple[int, int]]:
    """Yields the index of each frame after which a clip can end, and the media time of that end
    (ticks). All frames up to such a frame are shown before all later frames.
    """
    least = [sample.pts for sample in video]
    for index in range(len(least) - 2, -1, -1):
        least[index] = min(least[index], least[index + 1])
    newest = accumulate((sample.pts for sample in video), max)
    for index, most in enumerate(newest):
        if index + 1 < len(video) and most < least[index + 1]:
            yield index, least[index + 1]


def _around(audio: Sequence[Sample], start_ticks: int, end_ticks: int) -> Sequence[Sample]:
    """Returns the audio of a cut. `start_ticks` and `end_ticks`: 90 kHz."""
    begin = start_ticks * AUDIO_RATE // VIDEO_RATE - LEAD
    end = end_ticks * AUDIO_RATE // VIDEO_RATE + TAIL
    key = attrgetter("dts")
    return audio[bisect_left(audio, begin, key=key) : bisect_right(audio, end, key=key)]


def _microseconds(ticks: int) -> int:
    return ticks * 1_000_000 // VIDEO_RATE
