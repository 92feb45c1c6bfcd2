"""The base classes of all commands to a room. Pure."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from server.social.author import Requester, Role

Reply_co = TypeVar("Reply_co", covariant=True)


class Command(Generic[Reply_co]):
    """A request to a room. Every command is refused with 404 ROOM_NOT_FOUND if the room does not
    exist.
    """

    __slots__ = ()
    name: ClassVar[str]
    reply: ClassVar[Any]
    """Type of the reply to the command."""


@dataclass(frozen=True, slots=True)
class CreatorCommand(Command[Reply_co]):
    """A command that needs the creator key. The command is refused with 401 MISSING_KEY if the key
    is empty, and with 403 WRONG_KEY if the key does not belong to the room.
    """

    key: str = field(repr=False)
    """The creator key."""


@dataclass(frozen=True, slots=True)
class OwnerCommand(CreatorCommand[Reply_co]):
    """A command that only the owner of the room may send: the holder of the creator key or, for a
    command without a key, the person to whom the room belongs.
    """

    person: str = ""
    """Id of the person who sends the command; empty if the request has no valid cookie."""


@dataclass(frozen=True, slots=True)
class SocialCommand(Command[Reply_co]):
    """A command of a person. The room finds out the role of the person.

    The command is refused with 403 WRONG_KEY if the requester's key does not belong to the room.
    The command is refused with 403 CREATOR_ONLY or MODERATORS_ONLY if the role of the person does
    not include `needs`. After the end of the room, the command is refused with 410 ROOM_ENDED
    unless server/rooms/past_room.py has a handler for this type of command.
    """

    needs: ClassVar[Role] = Role.GUEST
    by: Requester
