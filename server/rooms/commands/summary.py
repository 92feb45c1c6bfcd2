"""The command for the summary of an ended live. Pure."""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, SocialCommand
from server.social.summary import PublicSummary, Summary


@dataclass(frozen=True, slots=True)
class ReadSummary(SocialCommand[Summary | PublicSummary]):
    """Returns the summary of an ended live. The creator gets the whole summary, and other people
    get the public part. The command is refused with 409 ROOM_NOT_ENDED if the live has not ended.
    """

    name = "read_summary"
    reply = Summary | PublicSummary


COMMANDS: tuple[type[Command[Any]], ...] = (ReadSummary,)
