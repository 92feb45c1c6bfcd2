"""The time within the file of one piece of a recording. Times in µs. Pure.

A recording leaves out interruptions. The file of a piece also leaves out interruptions.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from server.storage.recording_records import SegmentRecord

GAP = 100_000
"""Maximum time between two segments that follow each other without an interruption."""


@dataclass(slots=True)
class PieceClock:
    """The segments of one piece, in order."""

    segments: list[SegmentRecord] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Time in the file at which each segment begins."""

    @property
    def duration(self) -> int:
        return self.starts[-1] + self.segments[-1].duration

    def add(self, segment: SegmentRecord) -> None:
        start = 0
        if self.segments:
            last = self.segments[-1]
            gap = segment.media_time - (last.media_time + last.duration)
            whole = abs(gap) <= GAP
            start = self.starts[-1] + last.duration + (gap if whole else 0)
        self.segments.append(segment)
        self.starts.append(start)

    def at(self, media_time: int) -> int | None:
        """Returns the time in the file at which a moment is shown; None if the file does not
        contain the moment.
        """
        index = bisect_right(self.segments, media_time, key=lambda one: one.media_time) - 1
        if index < 0:
            return None
        since = media_time - self.segments[index].media_time
        if since >= self.segments[index].duration + GAP:
            return None
        return self.starts[index] + since


def piece_clocks(segments: Iterable[SegmentRecord]) -> dict[int, PieceClock]:
    """Returns the clock of each piece, by its number. `segments`: in order."""
    clocks: dict[int, PieceClock] = {}
    for segment in segments:
        clocks.setdefault(segment.piece, PieceClock()).add(segment)
    return clocks
