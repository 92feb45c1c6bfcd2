"""The command for the best moments of a live. Pure."""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, SocialCommand


@dataclass(frozen=True, slots=True)
class BestMoment:
    """A moment of a live. `peak`, `start` and `end` are media times in µs."""

    at: int
    """Seconds from the beginning of the live to the peak."""
    peak: int
    """Media time at which the people began to react."""
    start: int
    end: int
    people: int
    """Number of people who began to react within 5 s."""


@dataclass(frozen=True, slots=True)
class BestMoments:
    """The best moments of a live, the best one first."""

    moments: tuple[BestMoment, ...]


@dataclass(frozen=True, slots=True)
class ReadHighlights(SocialCommand[BestMoments]):
    """Returns the best moments of a live so far, or of an ended live that was recorded. The command
    is refused with 403 CREATOR_ONLY if the live has not ended and the requester is not its creator.
    """

    name = "read_highlights"
    reply = BestMoments


COMMANDS: tuple[type[Command[Any]], ...] = (ReadHighlights,)
