"""The description of a room in the API and in the room event. Pure."""

from dataclasses import dataclass, field

from server.ingest.reception import IngestHealth
from server.rooms.audience import AudienceHealth
from server.rooms.life import State
from server.storage.database import RoomRecord


@dataclass(frozen=True, slots=True)
class RoomDescription:
    """A room as everyone may see it. Times are in Unix seconds."""

    room: str
    title: str
    state: State
    viewers: int
    created_at: float
    live_since: float | None


@dataclass(frozen=True, slots=True)
class RoomHealth:
    """A room as its creator sees it."""

    room: RoomDescription
    ingest: IngestHealth | None
    """None while nothing is published."""
    audience: AudienceHealth


@dataclass(frozen=True, slots=True)
class NewRoom:
    room: RoomDescription
    key: str = field(repr=False)
    """The creator key. It is stored nowhere."""


def describe_ended(record: RoomRecord) -> RoomDescription:
    """The description of a room that exists only in storage."""
    return RoomDescription(
        record.room, record.title, State.ENDED, 0, record.created_at, record.live_at
    )
