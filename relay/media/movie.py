"""Writes one MP4 file of many fragments: `ftyp`, `moov`, `mdat` (ISO/IEC 14496-12). Pure.

    movie = Movie(tracks)
    for each fragment: movie.add(samples, begin, at)
    write movie.header(), then movie_data(samples) of each fragment again

A file of several hours therefore needs memory only for its tables: 16 bytes for each sample. `moov`
comes first, and there is no edit list, because players do not agree on edit lists. The file leaves
out interruptions between fragments.
"""

from array import array
from collections.abc import Sequence

from relay.media.bmff import box, full_box, movie_header, track_box, track_id
from relay.sample import AUDIO, TIMESCALE, VIDEO, VIDEO_RATE, Sample, Track, TrackInfo

_SECOND = 1_000_000
_MOST = (1 << 32) - 1
_LITTLE_ENDIAN = array("H", [1]).tobytes()[0] == 1


def movie_data(samples: Sequence[Sample]) -> list[bytes]:
    """Returns the data of a fragment in the order of the file: the video, then the audio."""
    return [sample.data for track in (VIDEO, AUDIO) for sample in samples if sample.track is track]


class Movie:
    """The tables of one file."""

    def __init__(self, tracks: Sequence[TrackInfo]) -> None:
        self._tracks = {info.track: _Table(info) for info in tracks}
        self._size = 0

    def add(self, samples: Sequence[Sample], begin: int, at: int) -> None:
        """Adds a fragment. `begin`: media time at which the fragment begins, µs. `at`: time in the
        file at which the fragment begins, µs.
        """
        for track in (VIDEO, AUDIO):
            own = [sample for sample in samples if sample.track is track]
            if own and track in self._tracks:
                self._size += self._tracks[track].add(own, begin, at, self._size)

    @property
    def data_size(self) -> int:
        """Size of the data of all samples, bytes."""
        return self._size

    def header(self) -> bytes:
        """Returns all that precedes the data of the samples. Call this after the last `add`."""
        ftyp = box(b"ftyp", b"isom", (512).to_bytes(4, "big"), b"isomiso2iso4avc1mp41")
        large = self._size + (1 << 27) > _MOST
        mdat = _mdat(self._size, large)
        begin = len(ftyp) + len(self._moov(0, large)) + len(mdat)
        return ftyp + self._moov(begin, large) + mdat

    def _moov(self, begin: int, large: bool) -> bytes:
        """`begin`: offset of the data of the first sample. `large`: whether an offset may need 64
        bits.
        """
        tables = [table for table in self._tracks.values() if table.sizes]
        duration = max(table.movie_duration for table in tables)
        last = max(track_id(table.info.track) for table in tables)
        traks = [
            track_box(table.info, table.movie_duration, table.duration, table.boxes(begin, large))
            for table in tables
        ]
        return box(b"moov", movie_header(VIDEO_RATE, duration, last + 1), *traks)


class _Table:
    """The samples of one track. In a list of pairs, counts and values alternate."""

    def __init__(self, info: TrackInfo) -> None:
        self.info = info
        self.sizes = array("I")
        self._keyframes = array("I")
        self._durations = array("I")
        self._offsets = array("i")
        self._ahead = 0
        self._chunks: list[int] = []
        """Offset of each chunk, from the data of the first sample, bytes."""
        self._in_chunks = array("I")
        """Three values for each change of the number of samples in a chunk: index of the chunk from
        1, number of its samples, 1.
        """
        self._time = 0
        """Time of the last sample in the file, ticks."""
        self._last = 0
        """Duration of the last sample, ticks."""

    @property
    def duration(self) -> int:
        """Duration in ticks of the track."""
        return min(self._time + self._last, _MOST)

    @property
    def movie_duration(self) -> int:
        """Duration in 90 kHz ticks, the timescale of the movie."""
        return min(round(self.duration * VIDEO_RATE / self._scale), _MOST)

    @property
    def _scale(self) -> int:
        return TIMESCALE[self.info.track]

    def add(self, samples: Sequence[Sample], begin: int, at: int, place: int) -> int:
        """Adds a chunk. `place`: its offset. Returns its size, bytes."""
        shift = round((at - begin) * self._scale / _SECOND)
        before = len(self.sizes)
        for sample in samples:
            self._add(sample, sample.dts + shift)
        count = len(self.sizes) - before
        self._chunks.append(place)
        if not self._in_chunks or self._in_chunks[-2] != count:
            self._in_chunks.extend((len(self._chunks), count, 1))
        return sum(self.sizes[before:])

    def _add(self, sample: Sample, time: int) -> None:
        ahead = sample.pts - sample.dts
        if self.sizes:
            # Exact times matter more than each duration: after an interruption, the last sample of
            # one track lasts until both tracks go on.
            time = max(time, self._time + 1)
            _count(self._durations, time - self._time)
            self._time = time
        else:
            self._ahead = ahead
        self._last = max(sample.duration, 1)
        _count(self._offsets, ahead - self._ahead)
        self.sizes.append(len(sample.data))
        if sample.key:
            self._keyframes.append(len(self.sizes))

    def boxes(self, begin: int, large: bool) -> bytes:
        """Returns the boxes of `stbl` after `stsd`."""
        durations = self._durations[:]
        _count(durations, self._last)
        parts = [_table(b"stts", durations, len(durations) // 2)]
        if any(self._offsets[1::2]):
            parts.append(_table(b"ctts", self._offsets, len(self._offsets) // 2, version=1))
        if self.info.track is Track.VIDEO:
            parts.append(_table(b"stss", self._keyframes, len(self._keyframes)))
        parts.append(_table(b"stsc", self._in_chunks, len(self._in_chunks) // 3))
        parts.append(full_box(b"stsz", 0, 0, bytes(4), _number(len(self.sizes)), _big(self.sizes)))
        places = array("Q" if large else "I", (begin + place for place in self._chunks))
        parts.append(_table(b"co64" if large else b"stco", places, len(places)))
        return b"".join(parts)


def _mdat(size: int, large: bool) -> bytes:
    if large:
        return _number(1) + b"mdat" + (16 + size).to_bytes(8, "big")
    return _number(8 + size) + b"mdat"


def _table(kind: bytes, values: "array[int]", count: int, version: int = 0) -> bytes:
    return full_box(kind, version, 0, _number(count), _big(values))


def _count(pairs: "array[int]", value: int) -> None:
    """Adds a value to pairs of a count and a value."""
    if pairs and pairs[-1] == value:
        pairs[-2] += 1
    else:
        pairs.extend((1, value))


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _big(values: "array[int]") -> bytes:
    """Returns the values in network byte order. A table may have a million values, and the event
    loop must not wait for `struct`.
    """
    if _LITTLE_ENDIAN:
        values = values[:]
        values.byteswap()
    return values.tobytes()
