"""The command to the countdown of a live. Pure."""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, SocialCommand
from server.social.author import Role


@dataclass(frozen=True, slots=True)
class CountdownEnd:
    """When a live ends."""

    length: float
    """Chosen length with all added minutes, seconds."""
    ends_at: int | None
    """Milliseconds since the Unix epoch; None if the room was never live."""


@dataclass(frozen=True, slots=True)
class AddMinute(SocialCommand[CountdownEnd]):
    """Adds a minute to the length of the live. The command is refused with 409 NO_COUNTDOWN if the
    live has no length or its time is over, and with 409 LENGTH_AT_MAXIMUM if the live has the
    maximum length of the server.
    """

    name = "add_minute"
    reply = CountdownEnd
    needs = Role.CREATOR


COMMANDS: tuple[type[Command[Any]], ...] = (AddMinute,)
