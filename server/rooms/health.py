"""The health of a live, for its creator (server/API.md). Pure."""

from dataclasses import dataclass

from server.ingest.reception import IngestHealth
from server.rooms.audience import AudienceHealth
from server.rooms.description import RoomDescription


@dataclass(frozen=True, slots=True)
class RoomHealth:
    """A room as its creator sees it."""

    room: RoomDescription
    ingest: IngestHealth | None
    """Reception of the media; None while nothing is published."""
    audience: AudienceHealth
