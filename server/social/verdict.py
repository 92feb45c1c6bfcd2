"""The decision of the moderation about a message, before chat accepts the message. Pure."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from relay.errors import RefusalCode
from server.social.author import Author, Role
from server.social.message import Message


class Outcome(Enum):
    ALLOWED = auto()
    HELD = auto()
    """The message is stored, but only moderators see the message until a moderator shows it to
    everyone.
    """
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision about one message. `code` and `reason` belong to a refusal."""

    outcome: Outcome
    code: RefusalCode | None = None
    reason: str = ""
    """Why the message is refused and what the author can do, in English."""
    retry_after: float | None = None
    """Seconds after which the author may send the message; None if waiting does not help."""


ALLOWED = Verdict(Outcome.ALLOWED)
HELD = Verdict(Outcome.HELD)


def refused(code: RefusalCode, reason: str, retry_after: float | None = None) -> Verdict:
    return Verdict(Outcome.REFUSED, code, reason, retry_after)


class Judge(Protocol):
    """The rules of moderation for messages."""

    def judge(self, author: Author, text: str, now: float) -> Verdict:
        """Decides on a message that satisfies all other rules. Chat accepts the message unless the
        verdict is a refusal. `now`: Unix seconds.
        """

    def likely_role(self, author: Author) -> Role:
        """Returns the role of the author if the role is known without reading storage. Otherwise
        returns the highest possible role: KNOWN, or MODERATOR if nothing is known about the room
        yet.
        """

    def refuse_early(self, author: Author, now: float) -> Verdict | None:
        """Returns a refusal if a message of this person is certain to be refused, otherwise None.
        Does not read storage. The role of `author` is not yet known.
        """

    async def note_removal(self, moderator: Author, message: Message) -> None:
        """Records that a moderator has removed the message of another person."""

    async def note_restoration(self, moderator: Author, message: Message) -> None:
        """Records that a moderator has shown a removed message again."""
