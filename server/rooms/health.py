"""The health of a live, for its creator (server/API.md). Pure."""

from dataclasses import dataclass

from server.ingest.reception import IngestHealth
from server.rooms.audience import AudienceHealth
from server.rooms.description import RoomDescription


@dataclass(frozen=True, slots=True)
class RoomHealth:
    """The health of a room, for its creator."""

    room: RoomDescription
    ingest: IngestHealth | None
    """Health of the publisher's media as it arrives; None while nothing is published."""
    audience: AudienceHealth
