"""The command for the timeline of a part of a live. Pure."""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, SocialCommand
from server.social.timeline import Timeline


@dataclass(frozen=True, slots=True)
class ReadTimeline(SocialCommand[Timeline]):
    """Returns the messages and reactions from the media time `start` to before `end`, µs. The
    command is refused with 400 BAD_REQUEST if the part is empty or longer than MAX_SPAN
    (server/social/timeline.py).
    """

    name = "read_timeline"
    reply = Timeline
    start: int
    end: int


COMMANDS: tuple[type[Command[Any]], ...] = (ReadTimeline,)
