"""The recent samples of a stream, limited in time and in bytes. Pure.

Samples are stored as plain tuples of plain values, because Python's garbage collector stops
tracking such tuples. Sixty windows of 90 s contain 430,000 samples. If these samples were stored as
objects, each full garbage collection would take 75 ms longer.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from relay.sample import AUDIO, AUDIO_RATE, VIDEO, VIDEO_RATE, Sample, Track

_PackedSample = tuple[int, int, int, bytes, bool, bool, int, int, int, int, bool]
_TRACK: Final = 0
_DTS: Final = 1
_PTS: Final = 2
_DATA: Final = 3
_KEY: Final = 4
_EPOCH: Final = 9
_VIDEO: Final = int(Track.VIDEO)
_AUDIO: Final = int(Track.AUDIO)

OVERHEAD: Final = 350
"""Memory that a sample uses in addition to its payload, bytes, measured on CPython 3.11."""


class Excerpt:
    """Successive samples of a stream that are kept after the window has dropped them. The payloads
    are shared with the window. `Window.excerpt` creates this object.
    """

    __slots__ = ("_packed", "_size")

    def __init__(self, packed: list[_PackedSample]) -> None:
        self._packed = packed
        self._size = _size(packed)

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> "Excerpt":
        """Returns an excerpt of samples that come from no window."""
        return cls(list(map(_pack, samples)))

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[Sample]:
        return map(_unpack, self._packed)

    @property
    def start(self) -> int | None:
        """Media time of the first sample, µs; None without samples."""
        return _media_time(self._packed[0]) if self._packed else None

    @property
    def size(self) -> int:
        """Memory used by payloads and overhead, bytes."""
        return self._size

    def extend(self, window: "Window", end: int) -> bool:
        """Adds the samples that the window has received since the last sample of this excerpt, up
        to the media time `end` (µs). Returns False, and adds nothing, if the window has dropped
        some of these samples already.
        """
        if not self._packed:
            return False
        last = self._packed[-1]
        new: list[_PackedSample] = []
        for packed in reversed(window._packed):
            # Decode times increase, so they identify a sample of a track.
            if packed[_DTS] == last[_DTS] and packed[_TRACK] == last[_TRACK]:
                added = [one for one in reversed(new) if _media_time(one) <= end]
                self._packed += added
                self._size += _size(added)
                return True
            new.append(packed)
        return False


class Window:
    """The last samples of a stream, in the order of publication.

    The window has two limits: no sample is more than `seconds` of media time older than the newest
    one, and all samples together use at most `max_bytes` of memory.
    """

    __slots__ = ("_bytes", "_max_bytes", "_oldest", "_packed", "_span")

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self._span = round(seconds * 1_000_000)
        self._max_bytes = max_bytes
        self._packed: deque[_PackedSample] = deque()
        self._oldest = 0
        """Media time of the oldest sample, µs; without meaning while the window is empty."""
        self._bytes = 0

    def limit(self, seconds: float, max_bytes: int) -> None:
        """Changes both limits, and drops old samples that exceed the new limits."""
        self._span = round(seconds * 1_000_000)
        self._max_bytes = max_bytes
        if self._packed:
            self._trim(_media_time(self._packed[-1]))

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[Sample]:
        return map(_unpack, self._packed)

    @property
    def size(self) -> int:
        """Memory used by payloads and overhead, bytes."""
        return self._bytes

    def append(self, sample: Sample) -> None:
        """Adds the newest sample, and drops old samples that exceed the limits."""
        if not self._packed:
            self._oldest = sample.media_time
        self._packed.append(_pack(sample))
        self._bytes += OVERHEAD + len(sample.data)
        if self._bytes > self._max_bytes or self._oldest < sample.media_time - self._span:
            self._trim(sample.media_time)

    def _trim(self, newest: int) -> None:
        packed = self._packed
        horizon = newest - self._span
        while self._bytes > self._max_bytes or self._oldest < horizon:
            self._bytes -= OVERHEAD + len(packed.popleft()[_DATA])
            if not packed:  # the sample alone exceeds the limit
                return
            self._oldest = _media_time(packed[0])

    def since(self, media_time: int) -> list[Sample]:
        """Returns the last video keyframe at or before `media_time` (µs), and all samples after
        this keyframe. If all keyframes are later than `media_time`, returns the first keyframe and
        all samples after it.

        Returns an empty list if the window has no keyframe. This method serves clips, playlists and
        readers that start late.
        """
        start: int | None = None
        for index, packed in enumerate(self._packed):
            if packed[_TRACK] == _VIDEO and packed[_KEY]:
                if start is not None and _media_time(packed) > media_time:
                    break
                start = index
        return (
            []
            if start is None
            else [_unpack(packed) for index, packed in enumerate(self._packed) if index >= start]
        )

    def excerpt(self, start: int, end: int) -> Excerpt:
        """Returns the samples from `start` to `end` (media times, µs)."""
        return Excerpt([one for one in self._packed if start <= _media_time(one) <= end])

    def snapshot(self) -> "Snapshot":
        """Returns the present samples as an object that another thread may read."""
        return Snapshot(list(self._packed))

    def clear(self) -> None:
        self._packed.clear()
        self._bytes = 0


class Frame(NamedTuple):
    """The figures of a video frame in a snapshot."""

    place: int
    """Index of the frame among all samples of the snapshot."""
    dts: int
    """Media time of decoding, 90 kHz ticks."""
    media_time: int
    """Media time of presentation, µs."""
    key: bool
    epoch: int
    size: int
    """Bytes of the frame."""


class Snapshot:
    """The samples that a window had at one moment. A snapshot does not change, so another thread
    may read it while the window takes more samples.
    """

    __slots__ = ("_packed",)

    def __init__(self, packed: Sequence[_PackedSample]) -> None:
        self._packed = packed

    def frames(self) -> Iterator[Frame]:
        """Returns the figures of all video frames, in decoding order."""
        for place, packed in enumerate(self._packed):
            if packed[_TRACK] == _VIDEO:
                yield Frame(
                    place,
                    packed[_DTS],
                    _media_time(packed),
                    packed[_KEY],
                    packed[_EPOCH],
                    len(packed[_DATA]),
                )

    def samples(self, first: int, end: int) -> list[Sample]:
        """Returns the samples from the index `first` up to the index before `end`. Indexes outside
        of the snapshot are allowed.
        """
        return [_unpack(packed) for packed in self._packed[max(0, first) : max(0, end)]]


def _pack(sample: Sample) -> _PackedSample:
    return (
        _VIDEO if sample.track is VIDEO else _AUDIO,
        sample.dts,
        sample.pts,
        sample.data,
        sample.key,
        sample.disposable,
        sample.duration,
        sample.capture,
        sample.publish,
        sample.epoch,
        sample.capture_estimated,
    )


def _unpack(packed: _PackedSample) -> Sample:
    return Sample(VIDEO if packed[_TRACK] == _VIDEO else AUDIO, *packed[1:])


def _size(packed: Sequence[_PackedSample]) -> int:
    """Returns the memory used by payloads and overhead, bytes."""
    return sum(OVERHEAD + len(one[_DATA]) for one in packed)


def _media_time(packed: _PackedSample) -> int:
    return packed[_PTS] * 1_000_000 // (VIDEO_RATE if packed[_TRACK] == _VIDEO else AUDIO_RATE)
