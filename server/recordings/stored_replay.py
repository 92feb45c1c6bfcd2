"""One replay: the recording of an ended live, as its stored rows describe it. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from relay.sample import TrackInfo
from server.recordings.replay_clock import Run
from server.recordings.replay_playlist import GAP, ListedSegment


@dataclass(frozen=True, slots=True)
class StoredPiece:
    """A part of a replay with one picture size."""

    piece: int
    width: int
    height: int
    init: bytes
    """The init segment with AAC."""
    opus_init: bytes
    """The init segment with Opus."""
    tracks: Sequence[TrackInfo]
    """The tracks of the stored segments."""


@dataclass(frozen=True, slots=True)
class StoredReplay:
    room: str
    version: str
    """A text that changes with the recording."""
    public: bool
    private: bool
    pieces: Sequence[StoredPiece]
    segments: Sequence[ListedSegment]
    """All segments (at least one), in the order of their numbers."""
    runs: Sequence[Run]
    playlist: bytes
    zipped: bytes
    """The playlist, compressed with gzip."""

    @property
    def duration(self) -> int:
        """Length of the replay, µs."""
        return sum(run.duration for run in self.runs)

    def piece(self, number: int) -> StoredPiece | None:
        return next((piece for piece in self.pieces if piece.piece == number), None)

    def place(self, sequence: int) -> int | None:
        """Returns the index of the segment with this number; None if there is no such segment."""
        at = bisect_left(self.segments, sequence, key=lambda segment: segment.sequence)
        found = at < len(self.segments) and self.segments[at].sequence == sequence
        return at if found else None

    def end_of(self, at: int) -> int:
        """Returns the media time at which the audio of the segment with index `at` ends, µs: the
        start of the next segment, unless media is missing between both segments.
        """
        end = self.segments[at].end
        after = self.segments[at + 1].media_time if at + 1 < len(self.segments) else end
        return after if abs(after - end) < GAP else end
