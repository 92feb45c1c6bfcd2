"""The commands of the chat. Pure."""

from dataclasses import dataclass
from typing import Any

from server.people.person import Person
from server.rooms.commands.base import Command, SocialCommand
from server.social.author import Role
from server.social.message import Message


@dataclass(frozen=True, slots=True)
class Posted:
    """The reply to PostMessage."""

    message: Message
    new: bool
    """Whether the message is new. It is not new if the author has sent a message with the same id
    before.
    """


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A part of the history, in order."""

    messages: tuple[Message, ...]
    sequence: int
    """The highest number of a message in the room."""
    role: Role = Role.GUEST
    """The role of the reader in the room."""
    creator: Person | None = None
    """The person to whom the room belongs."""


@dataclass(frozen=True, slots=True)
class PostMessage(SocialCommand[Posted]):
    """Writes a message. The reply is sent once the message is stored.

    The command is refused with 422 BAD_MESSAGE, EMPTY_MESSAGE or MESSAGE_TOO_LONG, and with 429
    RATE_LIMITED or CHAT_CROWDED. The command is refused with 404 MESSAGE_NOT_FOUND if the message
    replies to a message that is not shown. The moderation of the room may refuse the command with
    further codes.
    """

    name = "post_message"
    reply = Posted
    id: str
    """Id that the client chose. Two messages with the same id and author count as one message."""
    text: str
    reply_to: int | None = None
    media_time: int | None = None
    """Media time that the author sees, µs; None if the author sees no picture."""


@dataclass(frozen=True, slots=True)
class ReadMessages(SocialCommand[MessagePage]):
    """Reads at most `limit` shown messages. If `after` is given, reads the first messages with
    numbers above `after`. If only `before` is given, reads the last messages with numbers below
    `before`. Otherwise reads the last messages of the room.
    """

    name = "read_messages"
    reply = MessagePage
    limit: int
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveMessage(SocialCommand[None]):
    """Removes a message. The command is refused with 404 MESSAGE_NOT_FOUND. The command is refused
    with 403 MODERATORS_ONLY unless the sender is a moderator or the author of the message.
    """

    name = "remove_message"
    reply = None
    n: int


@dataclass(frozen=True, slots=True)
class RestoreMessage(SocialCommand[None]):
    """Shows a removed message again. The command is refused with 404 MESSAGE_NOT_FOUND, and with
    409 UNDO_OVER some seconds after the removal.
    """

    name = "restore_message"
    reply = None
    needs = Role.MODERATOR
    n: int


@dataclass(frozen=True, slots=True)
class PinMessage(SocialCommand[None]):
    """Pins a message. The command is refused with 404 MESSAGE_NOT_FOUND."""

    name = "pin_message"
    reply = None
    needs = Role.MODERATOR
    n: int


@dataclass(frozen=True, slots=True)
class UnpinMessage(SocialCommand[None]):
    """Unpins the pinned message, if any."""

    name = "unpin_message"
    reply = None
    needs = Role.MODERATOR


COMMANDS: tuple[type[Command[Any]], ...] = (
    PostMessage,
    ReadMessages,
    RemoveMessage,
    RestoreMessage,
    PinMessage,
    UnpinMessage,
)
