"""Writes a progressive MP4 file: `ftyp`, `moov`, `mdat` (ISO/IEC 14496-12). Pure.

Players and messengers download such a file and play it while it arrives, because `moov` comes
first. The file has no edit list, because players do not agree on edit lists: each track begins at
time 0, and its durations are exact. Frames whose display order differs from their decoding order
get negative composition offsets (`ctts` version 1).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from struct import pack
from typing import NamedTuple

from relay.media.bmff import box, full_box, movie_header, track_box, track_id
from relay.sample import TIMESCALE, VIDEO, VIDEO_RATE, Sample, TrackInfo

CHUNKS = 2
"""Number of chunks for each second of media. The chunks of both tracks alternate, so that a player
can begin after it has read a small part of the file.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """The samples of one track, in decoding order. The first sample is the first that is shown."""

    info: TrackInfo
    samples: Sequence[Sample]
    end: int
    """Media time at which the last sample ends, ticks of the track."""

    @property
    def duration(self) -> int:
        """Duration in ticks of the track."""
        return self.end - self.samples[0].pts

    @property
    def movie_duration(self) -> int:
        """Duration in 90 kHz ticks, the timescale of the movie."""
        return round(self.duration * VIDEO_RATE / TIMESCALE[self.info.track])


def progressive_mp4(runs: Sequence[Run]) -> bytes:
    """Returns the file of these tracks. All tracks begin at the same time."""
    return b"".join(progressive_parts(runs))


def progressive_parts(runs: Sequence[Run]) -> list[bytes]:
    """Returns the parts of the file: its boxes, then the data of each sample.

    This takes about 2 ms for a minute of media. A caller with an event loop joins the parts, which
    may have many megabytes, in a thread.
    """
    chunks = sorted(chunk for index, run in enumerate(runs) for chunk in _chunks(run, index))
    tables = [
        _tables(run, [chunk for chunk in chunks if chunk.run == index])
        for index, run in enumerate(runs)
    ]
    ftyp = box(b"ftyp", b"isom", pack(">I", 512), b"isomiso2iso4avc1mp41")
    unplaced = _moov(runs, tables, chunks, [0] * len(chunks))
    places, size = _places(runs, chunks, len(ftyp) + len(unplaced) + 8)
    moov = _moov(runs, tables, chunks, places)
    parts = [ftyp, moov, pack(">I4s", 8 + size, b"mdat")]
    for chunk in chunks:
        parts += [sample.data for sample in runs[chunk.run].samples[chunk.first : chunk.until]]
    return parts


class _Chunk(NamedTuple):
    """Successive samples of one track that are next to each other in the file."""

    at: float
    """Time of the first sample from the beginning of the file, seconds."""
    run: int
    """Index of the track's run."""
    first: int
    until: int
    """Indexes of the first sample, and of the first sample after the chunk."""


def _chunks(run: Run, index: int) -> Iterator[_Chunk]:
    scale, begin = TIMESCALE[run.info.track], run.samples[0].dts
    periods = ((sample.dts - begin) * CHUNKS // scale for sample in run.samples)
    first = 0
    for _, group in groupby(periods):
        until = first + sum(1 for _ in group)
        yield _Chunk((run.samples[first].dts - begin) / scale, index, first, until)
        first = until


def _places(runs: Sequence[Run], chunks: Sequence[_Chunk], begin: int) -> tuple[list[int], int]:
    """Returns the offset of each chunk in the file, and the size of all chunks, bytes. `begin`: the
    offset of the first chunk.
    """
    places, at = [], begin
    for chunk in chunks:
        places.append(at)
        samples = runs[chunk.run].samples[chunk.first : chunk.until]
        at += sum(len(sample.data) for sample in samples)
    return places, at - begin


def _moov(
    runs: Sequence[Run], tables: Sequence[bytes], chunks: Sequence[_Chunk], places: Sequence[int]
) -> bytes:
    duration = max(run.movie_duration for run in runs)
    last = max(track_id(run.info.track) for run in runs)
    traks = []
    for index, run in enumerate(runs):
        own = [at for chunk, at in zip(chunks, places, strict=True) if chunk.run == index]
        stco = full_box(b"stco", 0, 0, _integers(len(own), *own))
        traks.append(track_box(run.info, run.movie_duration, run.duration, tables[index] + stco))
    return box(b"moov", movie_header(VIDEO_RATE, duration, last + 1), *traks)


def _tables(run: Run, chunks: Sequence[_Chunk]) -> bytes:
    """Returns the tables of a track without the offsets of its chunks."""
    sizes = [len(sample.data) for sample in run.samples]
    return b"".join(
        (
            _times(run),
            _keyframes(run),
            _samples_in_chunks(chunks),
            full_box(b"stsz", 0, 0, _integers(0, len(sizes), *sizes)),
        )
    )


def _times(run: Run) -> bytes:
    """Returns the `stts` box with the durations, and a `ctts` box if frames are reordered."""
    samples = run.samples
    first, last = samples[0], samples[-1]
    durations = [after.dts - before.dts for before, after in pairwise(samples)]
    durations.append(max(1, run.duration - (last.dts - first.dts)))
    boxes = full_box(b"stts", 0, 0, _pairs(durations, "I"))
    ahead = first.pts - first.dts
    offsets = [sample.pts - sample.dts - ahead for sample in samples]
    if any(offsets):
        boxes += full_box(b"ctts", 1, 0, _pairs(offsets, "i"))
    return boxes


def _keyframes(run: Run) -> bytes:
    """Returns the `stss` box. A track without this box has only keyframes, like audio."""
    if run.info.track is not VIDEO:
        return b""
    numbers = [number for number, sample in enumerate(run.samples, 1) if sample.key]
    return full_box(b"stss", 0, 0, _integers(len(numbers), *numbers))


def _samples_in_chunks(chunks: Sequence[_Chunk]) -> bytes:
    """Returns the `stsc` box. An entry describes all chunks up to the first chunk of the next
    entry.
    """
    entries: list[int] = []
    before = 0
    for number, chunk in enumerate(chunks, 1):
        count = chunk.until - chunk.first
        if count != before:
            entries += (number, count, 1)
        before = count
    return full_box(b"stsc", 0, 0, _integers(len(entries) // 3, *entries))


def _pairs(values: Iterable[int], code: str) -> bytes:
    """Returns the number of entries, then for each entry the number of successive equal values and
    the value. `code`: the format of a value (`struct`).
    """
    entries = [(sum(1 for _ in group), value) for value, group in groupby(values)]
    flat = [number for entry in entries for number in entry]
    return pack(">I" + f"I{code}" * len(entries), len(entries), *flat)


def _integers(*values: int) -> bytes:
    return pack(f">{len(values)}I", *values)
