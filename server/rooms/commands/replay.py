"""The commands about the replay of a live. A room only decides who may do what. `server.recordings`
has the replay itself. Pure.
"""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, SocialCommand
from server.social.author import Role


@dataclass(frozen=True, slots=True)
class ReplayReader:
    """The person who reads about the replay of a live."""

    creator: bool
    """Whether the reader is the creator."""


@dataclass(frozen=True, slots=True)
class ReadReplay(SocialCommand[ReplayReader]):
    """Returns who reads about the replay. The command is possible after the end of the live too."""

    name = "read_replay"
    reply = ReplayReader


@dataclass(frozen=True, slots=True)
class ChangeReplay(SocialCommand[None]):
    """Checks that the sender may choose what is kept of the live. The command is also possible
    after the end of the live.
    """

    name = "change_replay"
    reply = None
    needs = Role.CREATOR


COMMANDS: tuple[type[Command[Any]], ...] = (ReadReplay, ChangeReplay)
