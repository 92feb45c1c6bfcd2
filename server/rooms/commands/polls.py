"""The commands about the polls of a room. Pure."""

from dataclasses import dataclass
from typing import Any

from server.rooms.commands.base import Command, SocialCommand
from server.social.author import Role


@dataclass(frozen=True, slots=True)
class PollDescription:
    """A poll, with the members of the poll event (relay/PROTOCOL.md)."""

    id: str
    question: str
    answers: list[str]
    votes: list[int]
    """Number of votes for each answer."""
    open: bool
    closes_shown_until: int | None
    """Time until which the result is shown, milliseconds since the Unix epoch; None until the poll
    is closed.
    """


@dataclass(frozen=True, slots=True)
class PollView:
    """The poll of a room as one person sees it."""

    poll: PollDescription | None
    """The poll; None if no poll is open and no result is shown."""
    vote: int | None = None
    """Index of the person's answer; None if the person has not voted."""


@dataclass(frozen=True, slots=True)
class OpenPoll(SocialCommand[PollView]):
    """Opens a poll. The command is refused with 400 or 422 BAD_POLL if the question is not valid,
    with 409 POLL_OPEN if another poll is open, and with 409 TOO_MANY_POLLS.
    """

    name = "open_poll"
    reply = PollView
    needs = Role.CREATOR
    question: str
    answers: list[str]


@dataclass(frozen=True, slots=True)
class ReadPoll(SocialCommand[PollView]):
    """Returns the poll that the room shows."""

    name = "read_poll"
    reply = PollView


@dataclass(frozen=True, slots=True)
class Vote(SocialCommand[PollView]):
    """Votes, or changes the person's vote. The command is refused with 404 POLL_NOT_FOUND, 422
    NO_SUCH_ANSWER, 409 POLL_CLOSED or 503 POLL_FULL.
    """

    name = "vote"
    reply = PollView
    poll: str
    answer: Any


@dataclass(frozen=True, slots=True)
class ClosePoll(SocialCommand[PollView]):
    """Closes a poll. The command is refused with 404 POLL_NOT_FOUND, and with 409 POLL_CLOSED if
    the poll is closed.
    """

    name = "close_poll"
    reply = PollView
    needs = Role.CREATOR
    poll: str


COMMANDS: tuple[type[Command[Any]], ...] = (OpenPoll, ReadPoll, Vote, ClosePoll)
