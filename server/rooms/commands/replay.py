"""The commands about the replay of a live. A room only decides who may do what: the recordings of
the server have the replay itself. Pure.
"""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, SocialCommand
from server.social.author import Role


@dataclass(frozen=True, slots=True)
class ReplayReader:
    """Who reads about the replay of a live."""

    creator: bool
    """Whether the reader is the creator."""


@dataclass(frozen=True, slots=True)
class ReadReplay(SocialCommand[ReplayReader]):
    """Checks who reads about the replay. Possible after the end of the live too."""

    name = "read_replay"
    reply = ReplayReader


@dataclass(frozen=True, slots=True)
class ChangeReplay(SocialCommand[None]):
    """Checks that the sender may choose what is kept of the live. Possible after the end of the
    live too.
    """

    name = "change_replay"
    reply = None
    needs = Role.CREATOR


COMMANDS: tuple[type[Command[Any]], ...] = (ReadReplay, ChangeReplay)
