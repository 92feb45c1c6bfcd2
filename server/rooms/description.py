"""The description of a room in the API and in the room event. Pure."""

from dataclasses import dataclass, field

from server.ingest.reception import IngestHealth
from server.rooms.audience import AudienceHealth
from server.rooms.life import State


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
    """Reception of the media; None while nothing is published."""
    audience: AudienceHealth


@dataclass(frozen=True, slots=True)
class NewRoom:
    room: RoomDescription
    key: str = field(repr=False)
    """The creator key. It is stored nowhere."""
