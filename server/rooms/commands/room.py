"""The commands about publishing to a room and about the life cycle of a room. Pure."""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, CreatorCommand, OwnerCommand
from server.rooms.description import RoomDescription
from server.rooms.health import RoomHealth


@dataclass(frozen=True, slots=True)
class Describe(Command[RoomDescription]):
    """Returns the description of a room, even if the room has ended."""

    name = "describe"
    reply = RoomDescription


@dataclass(frozen=True, slots=True)
class RequireOpen(Command[None]):
    """Checks that the room accepts viewers and publishers. The command is refused with 410
    ROOM_ENDED if the room has ended, and with 503 SERVER_CLOSING if the server is closing.
    """

    name = "require_open"
    reply = None


@dataclass(frozen=True, slots=True)
class ReadHealth(OwnerCommand[RoomHealth]):
    """Reads the room's health figures. The command is refused with 410 ROOM_ENDED if the room has
    ended.
    """

    name = "read_health"
    reply = RoomHealth


@dataclass(frozen=True, slots=True)
class AuthorisePublishing(CreatorCommand[None]):
    """Checks that the creator may publish. The command is refused with 409 ROOM_ENDED if the room
    has ended.
    """

    name = "authorise_publishing"
    reply = None


@dataclass(frozen=True, slots=True)
class EndSession(CreatorCommand[None]):
    """Ends a publishing session; the room then waits for a new session. The command is refused with
    404 SESSION_NOT_FOUND if the session does not exist, and with 409 ROOM_ENDED if the room has
    ended.
    """

    name = "end_session"
    reply = None
    session: str


@dataclass(frozen=True, slots=True)
class End(OwnerCommand[None]):
    """Ends the room permanently. The reply is sent once the end is stored. If the room has already
    ended, the command does nothing.
    """

    name = "end"
    reply = None


@dataclass(frozen=True, slots=True)
class EndByOperator(Command[None]):
    """Ends the room permanently, without the creator key. Only the admin API sends this command.
    The reply is sent once the end is stored. If the room has already ended, the command does
    nothing.
    """

    name = "end_by_operator"
    reply = None


@dataclass(frozen=True, slots=True)
class DeleteLive(OwnerCommand[None]):
    """Ends the room permanently, and deletes the room with its messages, reactions, polls and log
    of moderators. Reports that are not decided yet remain.
    """

    name = "delete_live"
    reply = None


COMMANDS: tuple[type[Command[Any]], ...] = (
    Describe,
    RequireOpen,
    ReadHealth,
    AuthorisePublishing,
    EndSession,
    End,
    EndByOperator,
    DeleteLive,
)
