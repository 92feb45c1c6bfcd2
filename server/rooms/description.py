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
    visibility: str = "public"
    """`public`, `unlisted` or `private`."""
    mood: str = ""
    """`calm`, `loud`, `funny`, `learn` or `create`; empty if the creator has chosen no mood."""


@dataclass(frozen=True, slots=True)
class NewRoom:
    room: RoomDescription
    key: str = field(repr=False)
    """The creator key. Only its hash is stored."""


@dataclass(frozen=True, slots=True)
class RoomInspection:
    """The description of a room for the operator."""

    room: RoomDescription
    creator: str
    """Address of the client that created the room; empty if the address is unknown."""
    process: int | None = None
    """Number of the process that runs the room; None if the server has one process."""


def room_event(room: RoomDescription) -> bytes:
    """Returns the body of the room event (relay/PROTOCOL.md)."""
    return json.dumps({"type": "room", **asdict(room)}).encode()
