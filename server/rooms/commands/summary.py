"""The command for the summary of an ended live. Pure."""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, SocialCommand
from server.social.summary import PublicSummary, Summary


@dataclass(frozen=True, slots=True)
class ReadSummary(SocialCommand[Summary | PublicSummary]):
    """Returns the summary of an ended live: everything for the creator, the public part for other
    people. The command is refused with 409 ROOM_NOT_ENDED before the end.
    """

    name = "read_summary"
    reply = Summary | PublicSummary


COMMANDS: tuple[type[Command[Any]], ...] = (ReadSummary,)
