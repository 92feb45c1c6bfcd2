"""Samples in, parts of HLS segments out (RFC 8216bis §4.4.4.9). Pure.

A part's duration in the playlist is exact: where it can it ends between two pictures, 85 to 100 %
of PART_TARGET long. Where pictures come too seldom for that it ends at PART_TARGET, inside the
picture that lies across; the next part goes on from there, so that nothing adds up.
"""

from dataclasses import dataclass, replace
from enum import Enum

from relay.media.bmff import init_segment, muxed_fragment
from relay.sample import TIMESCALE, Sample, Track, TrackInfo

SCALE = TIMESCALE[Track.VIDEO]
PART_TARGET = 31_500
"""0.35 s in 90 kHz ticks; all times here are in these. No part is longer."""
PART_LEAST = PART_TARGET * 85 // 100
"""iOS refuses shorter ones, but for the last of a segment, the one before a gap, and those that
hold an IDR.
"""
PART_ENOUGH = PART_TARGET * 9 // 10
"""A picture from here on begins the next part: at 30 frames a second the tenth, after 0.333 s."""
TARGET_DURATION = 2
"""Seconds; `EXT-X-TARGETDURATION`, which rounds."""
SEGMENT_LEAST = SCALE * 3 // 2
"""An IDR from here on begins the next segment."""
SEGMENT_MOST = SCALE * 245 // 100
"""Longer would no longer round to TARGET_DURATION: cut here, IDR or not."""
KEY_WANTED = SCALE * 17 // 10
"""When an IDR is asked for: it comes some 0.1 to 0.3 s later, at the end of the segment."""

FOREVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Opening:
    """How a segment begins."""

    init: bytes
    """Its init segment (`EXT-X-MAP`)."""
    date: int
    """When the lens saw its first picture, µs since the Unix epoch."""
    discontinuity: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A partial segment, complete."""

    duration: int
    data: bytes
    """One fragment; empty where there is a gap."""
    independent: bool = False
    """Holds an IDR."""
    opening: Opening | None = None
    """The part begins a segment."""
    last: bool = False
    """The segment is known to end with it. One that ends without this ends with the next
    opening.
    """

    @property
    def gap(self) -> bool:
        return not self.data


class _State(Enum):
    WAITING = 0
    """for the first IDR"""
    OPEN = 1
    GAP = 2


class Segmenter:
    """Takes the samples of one stream, both tracks, in the order of their decode times. A new SPS
    or epoch begins a segment with its IDR.
    """

    def __init__(self, sound: TrackInfo) -> None:
        self._sound = sound
        self._picture: TrackInfo | None = None
        self._init = b""
        self._renewed = False
        self._state = _State.WAITING
        self._epoch = 0
        self._began = 0
        self._segment_began = 0
        self._opening: Opening | None = None
        self._pictures: list[Sample] = []
        self._sounds: list[Sample] = []
        self._sequence = 0
        self._date_offset = 0

    @property
    def began(self) -> int:
        """Where the part that is being gathered begins."""
        return self._began

    @property
    def open(self) -> bool:
        return self._state is _State.OPEN

    @property
    def waiting(self) -> bool:
        """Nothing has come yet."""
        return self._state is _State.WAITING

    @property
    def key_wanted_at(self) -> int:
        """The media time at which an IDR should be asked for."""
        return self._segment_began + KEY_WANTED

    def receive_track(self, info: TrackInfo) -> None:
        """New decoding parameters of the picture, which hold from the next IDR on."""
        if info.track is Track.VIDEO and info != self._picture:
            self._picture, self._renewed = info, True

    def receive(self, sample: Sample) -> list[Part]:
        """The next sample. What comes before the first IDR, and in an epoch before its own, is left
        out.
        """
        if sample.track is Track.AUDIO:
            if (
                self._state is _State.OPEN
                and sample.epoch == self._epoch
                and _ticks(sample) + PART_TARGET > self._began
            ):
                self._sounds.append(sample)
            return []
        if self._state is not _State.OPEN or sample.epoch != self._epoch:
            return self._reopen(sample) if sample.key and self._picture else []
        if sample.dts < self._began or (self._pictures and sample.dts <= self._pictures[-1].dts):
            return []
        parts = self._cut_to(sample.dts)
        age = sample.dts - self._segment_began
        if sample.key and (self._renewed or age >= SEGMENT_LEAST):
            parts += (
                self._cut(sample.dts, sample.dts, last=True) if sample.dts > self._began else []
            )
            self._open(sample, discontinuity=self._renewed)
        elif sample.dts - self._began >= PART_ENOUGH:
            parts += self._cut(sample.dts, sample.dts)
        self._pictures.append(sample)
        return parts

    def stall(self, until: int) -> list[Part]:
        """No picture comes before `until`: parts go on with the sound alone, and the last picture
        lasts.
        """
        return self._cut_to(until) if self._state is _State.OPEN else []

    def gap(self, until: int) -> list[Part]:
        """Nothing at all comes before `until`: what there is becomes the end of a segment, and
        parts without media follow.
        """
        parts: list[Part] = []
        if self._state is _State.OPEN:
            parts += self._close()
            self._state = _State.GAP
            self._segment_began = self._began
            self._opening = Opening(self._init, self._date(self._began), False)
        while self._state is _State.GAP and self._began + PART_TARGET <= until:
            parts += self._emit(self._began + PART_TARGET, b"")
        return parts

    def end(self) -> list[Part]:
        """The stream is over: what is left."""
        return self._close() if self._state is _State.OPEN else []

    def _reopen(self, key: Sample) -> list[Part]:
        parts = self._close(key.dts) if self._state is _State.OPEN else []
        first = self._state is _State.WAITING
        self._state, self._epoch = _State.OPEN, key.epoch
        self._open(key, discontinuity=not first)
        self._pictures.append(key)
        return parts

    def _open(self, key: Sample, *, discontinuity: bool) -> None:
        assert self._picture is not None
        if self._renewed:
            self._init, self._renewed = init_segment(self._picture, self._sound), False
        self._segment_began = self._began = key.dts
        self._date_offset = key.capture - _microseconds(key.dts)
        self._opening = Opening(self._init, key.capture, discontinuity)
        self._sounds = [sound for sound in self._sounds if _ticks(sound) >= key.dts]

    def _close(self, following: int = FOREVER) -> list[Part]:
        """Ends part and segment with the last picture, which lasts as long as the one before it;
        but not beyond `following`, where a new epoch begins.
        """
        if not self._pictures:
            self._sounds = []
            return []
        rates = [
            after.dts - before.dts
            for before, after in zip(self._pictures, self._pictures[1:], strict=False)
        ]
        newest = self._pictures[-1].dts
        end = newest + min(rates[-1] if rates else SCALE // 30, SCALE // 5)
        if newest < following:
            end = min(end, following)
        parts = self._cut_to(end)
        parts += self._cut(end, end, last=True) if end > self._began else []
        self._pictures, self._sounds = [], []
        return parts

    def _cut_to(self, dts: int) -> list[Part]:
        """Ends parts until no more than PART_TARGET lies between the start of one and `dts`, where
        the next picture is, or nothing yet.
        """
        parts: list[Part] = []
        while dts - self._began > PART_TARGET:
            latest = max((picture.dts for picture in self._pictures), default=0)
            between = PART_LEAST <= latest - self._began <= PART_TARGET
            parts += self._cut(latest if between else self._began + PART_TARGET, dts)
        return parts

    def _cut(self, boundary: int, following: int, *, last: bool = False) -> list[Part]:
        """Ends the part at `boundary`. `following`: where the picture behind the last one that is
        known begins.
        """
        starts = [picture.dts for picture in self._pictures] + [following]
        exact = [
            replace(picture, duration=starts[n + 1] - picture.dts)
            for n, picture in enumerate(self._pictures)
        ]
        pictures = [picture for picture in exact if picture.dts < boundary]
        sounds = [sound for sound in self._sounds if _ticks(sound) < boundary]
        self._pictures = self._pictures[len(pictures) :]
        self._sounds = self._sounds[len(sounds) :]
        data = muxed_fragment((pictures, sounds), self._sequence) if pictures or sounds else b""
        self._sequence += 1
        return self._emit(
            boundary, data, independent=any(picture.key for picture in pictures), last=last
        )

    def _emit(
        self, boundary: int, data: bytes, *, independent: bool = False, last: bool = False
    ) -> list[Part]:
        last = last or boundary + PART_TARGET - self._segment_began > SEGMENT_MOST
        part = Part(boundary - self._began, data, independent, self._opening, last)
        self._began, self._opening = boundary, None
        if last:
            self._segment_began = boundary
            self._opening = Opening(self._init, self._date(boundary), False)
        return [part]

    def _date(self, ticks: int) -> int:
        return _microseconds(ticks) + self._date_offset


def _ticks(sound: Sample) -> int:
    return sound.dts * SCALE // TIMESCALE[Track.AUDIO]


def _microseconds(ticks: int) -> int:
    return ticks * 1_000_000 // SCALE
