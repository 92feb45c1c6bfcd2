"""The description of what is kept of a live, for the API. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.recordings.policy import Keep
from server.storage.recording_records import PieceRecord, RecordingRecord

NOTHING = "none"
"""The state of a live of which nothing is kept."""


@dataclass(frozen=True, slots=True)
class ReplayPiece:
    """A part of the replay with one picture size."""

    piece: int
    width: int
    height: int
    start: int
    """Start of the piece (media time, µs)."""
    duration: float
    """Seconds of media, without interruptions."""


@dataclass(frozen=True, slots=True)
class Replay:
    state: str
    """`none`, `recording`, `finished` or `stopped`."""
    keep: str
    """What is kept: `yes`, `day` or `no`."""
    began_at: float | None
    """Beginning of the recording, Unix seconds."""
    duration: float
    """Seconds of media, without interruptions."""
    bytes: int
    delete_at: float | None
    """Time of the deletion, Unix seconds; None while the live goes on."""
    note: str
    """Why the recording stopped before the end of its live; empty otherwise, and for all people but
    the creator.
    """
    pieces: tuple[ReplayPiece, ...]


def describe(
    record: RecordingRecord | None,
    pieces: Sequence[PieceRecord],
    durations: Mapping[int, int],
    keep: str,
) -> Replay:
    """`durations`: duration of the media of each piece, µs. `keep`: what is kept if the creator has
    not chosen.
    """
    if record is None or record.keep == Keep.NO:
        chosen = keep if record is None else record.keep
        return Replay(NOTHING, chosen, None, 0.0, 0, None, record.note if record else "", ())
    return Replay(
        record.state,
        record.keep,
        record.began_at,
        sum(durations.values()) / 1_000_000,
        record.bytes,
        record.delete_at,
        record.note,
        tuple(
            ReplayPiece(
                each.piece,
                each.width,
                each.height,
                each.media_time,
                durations.get(each.piece, 0) / 1_000_000,
            )
            for each in pieces
        ),
    )
