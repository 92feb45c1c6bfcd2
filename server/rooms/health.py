"""The health figures of a room, which the creator can request (server/API.md). Pure."""

from dataclasses import dataclass

from server.ingest.health import IngestHealth
from server.rooms.audience import AudienceHealth
from server.rooms.commands.highlights import BestMoment
from server.rooms.description import RoomDescription


@dataclass(frozen=True, slots=True)
class RoomHealth:
    """The health figures of a room, which the creator can request."""

    room: RoomDescription
    ingest: IngestHealth | None
    """Figures of the media received from the publisher; None if no publisher is connected."""
    audience: AudienceHealth
    highlight: BestMoment | None = None
    """The best moment so far, right after it happened; otherwise None."""
