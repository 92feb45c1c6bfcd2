"""The commands of moderation. Pure.

`person` is the id of the person whom a command concerns. A command is refused with 409
CANNOT_MODERATE if this person is the creator, or if both this person and the requester are
moderators.
"""

from dataclasses import dataclass
from typing import Any

from server.people.person import Person
from server.rooms.commands.base import Command, SocialCommand
from server.social.author import Role
from server.social.chat_settings import SettingsDescription
from server.social.message import Message


@dataclass(frozen=True, slots=True)
class RoomSettingsReply:
    room: str
    title: str
    visibility: str
    settings: SettingsDescription


@dataclass(frozen=True, slots=True)
class Mute:
    person: Person
    until: float
    at: float
    by: Person | None


@dataclass(frozen=True, slots=True)
class Ban:
    person: Person
    for_good: bool
    at: float
    by: Person | None


@dataclass(frozen=True, slots=True)
class HeldMessage:
    message: Message
    reason: str
    """`word` if the message contains a word of the list; `link` if the message contains a link."""
    matched: str
    """The word of the list that the message contains; empty if `reason` is `link`."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    n: int
    at: float
    moderator: Person | None
    """The person who acted; None if the request had only the creator key."""
    action: str
    target: str
    person: Person | None
    detail: str


@dataclass(frozen=True, slots=True)
class ReadSettings(SocialCommand[SettingsDescription]):
    """Returns the settings that are in force in the chat."""

    name = "read_settings"
    reply = SettingsDescription


@dataclass(frozen=True, slots=True)
class ChangeRoom(SocialCommand[RoomSettingsReply]):
    """Changes settings of the room. A member with the value None leaves its setting unchanged. Only
    the creator may change `title`, `visibility`, `links`, `clips` and `auto_highlights`. The
    command is refused with 422 BAD_MODERATION.
    """

    name = "change_room"
    reply = RoomSettingsReply
    needs = Role.MODERATOR
    title: str | None = None
    visibility: str | None = None
    chat: bool | None = None
    slow: int | None = None
    followers_only: bool | None = None
    links: bool | None = None
    joins: bool | None = None
    clips: str | None = None
    """One of CLIPS (server/social/chat_settings.py)."""
    auto_highlights: bool | None = None


@dataclass(frozen=True, slots=True)
class MutePerson(SocialCommand[Mute]):
    """Mutes a person for `seconds`. The command is refused with 422 BAD_MODERATION unless `seconds`
    is 60 or 600.
    """

    name = "mute"
    reply = Mute
    needs = Role.MODERATOR
    person: str
    seconds: int


@dataclass(frozen=True, slots=True)
class UnmutePerson(SocialCommand[None]):
    name = "unmute"
    reply = None
    needs = Role.MODERATOR
    person: str


@dataclass(frozen=True, slots=True)
class ReadMutes(SocialCommand[tuple[Mute, ...]]):
    name = "read_mutes"
    reply = tuple[Mute, ...]
    needs = Role.MODERATOR


@dataclass(frozen=True, slots=True)
class BanPerson(SocialCommand[Ban]):
    """Bans a person, closes the person's connections, and removes the person's messages in this
    live. The command is refused with 409 TOO_MANY_BANS.
    """

    name = "ban"
    reply = Ban
    needs = Role.MODERATOR
    person: str
    for_good: bool


@dataclass(frozen=True, slots=True)
class UnbanPerson(SocialCommand[None]):
    """Ends the ban of a person. If the ban began at most 10 s ago, also shows again the messages
    that the ban removed.
    """

    name = "unban"
    reply = None
    needs = Role.MODERATOR
    person: str


@dataclass(frozen=True, slots=True)
class ReadBans(SocialCommand[tuple[Ban, ...]]):
    name = "read_bans"
    reply = tuple[Ban, ...]
    needs = Role.MODERATOR


@dataclass(frozen=True, slots=True)
class SetModerator(SocialCommand[None]):
    """Makes a person a moderator, or takes the role of moderator from the person. The command is
    refused with 409 TOO_MANY_MODERATORS.
    """

    name = "set_moderator"
    reply = None
    needs = Role.CREATOR
    person: str
    moderates: bool


@dataclass(frozen=True, slots=True)
class ReadModerators(SocialCommand[tuple[Person, ...]]):
    name = "read_moderators"
    reply = tuple[Person, ...]
    needs = Role.MODERATOR


@dataclass(frozen=True, slots=True)
class ReadWords(SocialCommand[tuple[str, ...]]):
    name = "read_words"
    reply = tuple[str, ...]
    needs = Role.MODERATOR


@dataclass(frozen=True, slots=True)
class SetWords(SocialCommand[tuple[str, ...]]):
    """Replaces the list of words. The command is refused with 422 BAD_WORDS."""

    name = "set_words"
    reply = tuple[str, ...]
    needs = Role.CREATOR
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetShield(SocialCommand[SettingsDescription]):
    """Raises the shield for ten minutes, or lowers the shield."""

    name = "set_shield"
    reply = SettingsDescription
    needs = Role.MODERATOR
    up: bool


@dataclass(frozen=True, slots=True)
class ReadHeld(SocialCommand[tuple[HeldMessage, ...]]):
    """Returns the oldest held messages."""

    name = "read_held"
    reply = tuple[HeldMessage, ...]
    needs = Role.MODERATOR


@dataclass(frozen=True, slots=True)
class DecideHeld(SocialCommand[None]):
    """Shows or removes a held message. The command is refused with 404 MESSAGE_NOT_FOUND."""

    name = "decide_held"
    reply = None
    needs = Role.MODERATOR
    n: int
    show: bool


@dataclass(frozen=True, slots=True)
class ReadLog(SocialCommand[tuple[LogEntry, ...]]):
    """Returns the newest lines of the log with numbers below `before`."""

    name = "read_log"
    reply = tuple[LogEntry, ...]
    needs = Role.CREATOR
    before: int | None = None


COMMANDS: tuple[type[Command[Any]], ...] = (
    ReadSettings,
    ChangeRoom,
    MutePerson,
    UnmutePerson,
    ReadMutes,
    BanPerson,
    UnbanPerson,
    ReadBans,
    SetModerator,
    ReadModerators,
    ReadWords,
    SetWords,
    SetShield,
    ReadHeld,
    DecideHeld,
    ReadLog,
)
