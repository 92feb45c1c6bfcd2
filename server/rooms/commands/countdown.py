"""The command that changes the countdown of a live. Pure."""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, SocialCommand
from server.social.author import Role


@dataclass(frozen=True, slots=True)
class CountdownEnd:
    """The length of a live, and the time at which the live ends."""

    length: float
    """Chosen length with all added minutes, seconds."""
    ends_at: int | None
    """Time of the end, milliseconds since the Unix epoch; None if the room was never live."""


@dataclass(frozen=True, slots=True)
class AddMinute(SocialCommand[CountdownEnd]):
    """Adds a minute to the length of the live. The command is refused with 409 NO_COUNTDOWN if the
    live has no length, or if its time is over. The command is refused with 409 LENGTH_AT_MAXIMUM if
    the live already has the maximum length of the server.
    """

    name = "add_minute"
    reply = CountdownEnd
    needs = Role.CREATOR


COMMANDS: tuple[type[Command[Any]], ...] = (AddMinute,)
