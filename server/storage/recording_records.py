"""The records of a recording: the recording itself, its pieces and its segments. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

RECORDING, FINISHED, STOPPED = "recording", "finished", "stopped"
"""The states of a recording. A stopped recording ended before its live; `note` gives the reason.
"""


@dataclass(frozen=True, slots=True)
class RecordingRecord:
    """A recording. Times are in Unix seconds."""

    room: str
    state: str
    keep: str
    """What the creator has chosen: `yes`, `day` or `no`."""
    server: str
    """Id of the server that writes the recording; "" if one process uses SQLite alone."""
    began_at: float
    ended_at: float | None = None
    delete_at: float | None = None
    bytes: int = 0
    """Size of all segments together."""
    note: str = ""
    """Why the recording stopped: `disk_full`, `too_long`, `store_failed` or `over_limit`."""


@dataclass(frozen=True, slots=True)
class PieceRecord:
    """A part of a recording with the same picture size and track configuration."""

    room: str
    piece: int
    """Number of the piece, from 1."""
    init: bytes
    """The init segment, with H.264 and Opus."""
    width: int
    height: int
    media_time: int
    """Start of the piece, µs."""


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """The place of a segment in its recording. Times are media times, in µs."""

    room: str
    sequence: int
    """Number of the segment, from 1."""
    piece: int
    media_time: int
    duration: int
    epoch: int
    size: int
    """Size of the object, bytes."""


@dataclass(frozen=True, slots=True)
class RecordingEnd:
    """The end of a recording, as the recorder stores it."""

    state: str
    """`finished` or `stopped`."""
    at: float
    """Time of the end, Unix seconds."""
    ages: Mapping[str, float]
    """Seconds after `at` for which the replay is kept, by what the creator has chosen."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recording has come."""

    sequence: int = 0
    """Number of the last segment; 0 if there is none."""
    duration: int = 0
    """Duration of all segments together, µs."""
    piece: PieceRecord | None = None
    """The last piece."""
