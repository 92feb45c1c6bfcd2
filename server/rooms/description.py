"""The description of a room in the API and in the room event. Pure."""

import json
from dataclasses import asdict, dataclass, field

from server.rooms.life import State


@dataclass(frozen=True, slots=True)
class RoomDescription:
    """The public description of a room. Times are in Unix seconds."""

    room: str
    title: str
    state: State
    viewers: int
    created_at: float
    live_since: float | None


@dataclass(frozen=True, slots=True)
class NewRoom:
    room: RoomDescription
    key: str = field(repr=False)
    """The creator key. Only its hash is stored."""


def room_event(room: RoomDescription) -> bytes:
    """Returns the body of the room event (relay/PROTOCOL.md)."""
    return json.dumps({"type": "room", **asdict(room)}).encode()
