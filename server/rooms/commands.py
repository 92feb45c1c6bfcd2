"""Every command to a room. Pure.

Each command is executed by the process that owns the room (`Rooms.ask`). A command may come from
another process, so commands, replies and refusals can be serialised (server/rooms/codec.py). Only
media and the WebRTC sessions are local objects (`Rooms.local`).
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from server.rooms.description import RoomDescription
from server.rooms.health import RoomHealth

Reply_co = TypeVar("Reply_co", covariant=True)


class Command(Generic[Reply_co]):
    """A request to a room. Every command is refused with 404 ROOM_NOT_FOUND if there is no such
    room.
    """

    __slots__ = ()
    name: ClassVar[str]
    reply: ClassVar[Any]
    """Type of the reply."""


@dataclass(frozen=True, slots=True)
class Describe(Command[RoomDescription]):
    """Describes a room, even after its end."""

    name = "describe"
    reply = RoomDescription


@dataclass(frozen=True, slots=True)
class RequireOpen(Command[None]):
    """Checks that the room exists and takes viewers and publishers. Refused with 410 ROOM_ENDED or
    503 SERVER_CLOSING.
    """

    name = "require_open"
    reply = None


@dataclass(frozen=True, slots=True)
class CreatorCommand(Command[Reply_co]):
    """A command that needs the creator key. Refused with 401 MISSING_KEY if the key is empty, 403
    WRONG_KEY if it is not the room's key.
    """

    key: str = field(repr=False)
    """The creator key."""


@dataclass(frozen=True, slots=True)
class ReadHealth(CreatorCommand[RoomHealth]):
    """Reads the room's health figures. Refused with 410 ROOM_ENDED."""

    name = "read_health"
    reply = RoomHealth


@dataclass(frozen=True, slots=True)
class AuthorisePublishing(CreatorCommand[None]):
    """Checks whether the creator may publish. Refused with 409 ROOM_ENDED."""

    name = "authorise_publishing"
    reply = None


@dataclass(frozen=True, slots=True)
class EndSession(CreatorCommand[None]):
    """Ends a publishing session; the room then waits for another session. Refused with 404
    SESSION_NOT_FOUND or 409 ROOM_ENDED.
    """

    name = "end_session"
    reply = None
    session: str


@dataclass(frozen=True, slots=True)
class End(CreatorCommand[None]):
    """Ends the room for good. The reply is sent once the end is stored. The command does nothing if
    the room has already ended.
    """

    name = "end"
    reply = None


COMMANDS: dict[str, type[Command[object]]] = {
    command.name: command
    for command in (Describe, RequireOpen, ReadHealth, AuthorisePublishing, EndSession, End)
}
