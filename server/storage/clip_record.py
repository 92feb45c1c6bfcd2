"""A clip, as stored. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClipRecord:
    id: str
    room: str
    creator: str
    """The creator of the live (`creator_of`)."""
    person: str | None
    """Id of the person who made the clip; None if a program with the creator key made the clip, or
    if the clip was published by itself.
    """
    title: str
    caption: str
    state: str
    visibility: str
    source: str
    """What the clip was made from: `viewer`, `highlight` or `replay`."""
    media_time: int
    """Media time of the first frame, µs."""
    duration: int
    """Duration, µs."""
    width: int
    height: int
    bytes: int
    """Size of all files of the clip."""
    pictures: bool
    """Whether the clip has a poster."""
    revision: int
    """Part of the URLs of the files: the draft has revision 0."""
    server: str
    """Id of the server that makes the clip; "" if one process uses SQLite alone."""
    created_at: float
    published_at: float | None = None
    deleted_at: float | None = None
    deleted_by_creator: bool = False
    """Whether the creator of the live, or a ban, deleted the clip."""
