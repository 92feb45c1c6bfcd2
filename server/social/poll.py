"""A poll: a question of the creator with 2 to 4 answers. Pure; times in Unix seconds.

The owner of a Poll object first stores a vote or the end of the poll, and then calls the object.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from relay.errors import RefusalCode
from server.errors import Conflict, Unavailable, Unprocessable
from server.social.line import one_line

MIN_ANSWERS, MAX_ANSWERS = 2, 4
QUESTION_LENGTH, ANSWER_LENGTH = 140, 60
"""Maximum lengths of a question and of an answer, characters."""
POLL_EVERY = 0.25
"""Minimum seconds between two poll events of a room."""
RESULT_SHOWN = 10.0
"""Seconds for which the result of a closed poll stays pinned."""
MAX_POLLS = 100
"""Maximum number of polls of a room."""
MAX_VOTERS = 100_000
"""Maximum number of people whose votes a poll counts."""


class PollState(Enum):
    OPEN = auto()
    CLOSING = auto()
    """The end of the poll is being stored. The poll takes no more votes."""
    RESULT = auto()
    """The poll is closed, and its result is pinned."""
    OVER = auto()
    """The result has been removed from the pages."""


class PollEvent(Enum):
    CLOSE = auto()
    """The creator closes the poll, or the room ends."""
    STORED = auto()
    """The end of the poll is stored."""
    FAILED = auto()
    """The end of the poll could not be stored."""
    SHOWN = auto()
    """The result was pinned for `RESULT_SHOWN` seconds, or a new poll replaces the result."""


TRANSITIONS: dict[tuple[PollState, PollEvent], PollState] = {
    (PollState.OPEN, PollEvent.CLOSE): PollState.CLOSING,
    (PollState.CLOSING, PollEvent.STORED): PollState.RESULT,
    (PollState.CLOSING, PollEvent.FAILED): PollState.OPEN,
    (PollState.RESULT, PollEvent.SHOWN): PollState.OVER,
}
"""The next state for each pair of state and event. A pair that is not listed changes nothing."""


@dataclass(frozen=True, slots=True)
class PollQuestion:
    """The question and the answers that the creator offers."""

    question: str
    answers: tuple[str, ...]


class Poll:
    """One poll of a room, with the vote of each person."""

    def __init__(
        self,
        poll: str,
        asked: PollQuestion,
        opened_at: float,
        votes: Mapping[str, int] | None = None,
    ) -> None:
        """`votes`: the stored votes of a poll that a former process opened."""
        self.id = poll
        self.asked = asked
        self.opened_at = opened_at
        self.closed_at: float | None = None
        self.state = PollState.OPEN
        self._votes = dict(votes or {})
        """Index of the answer of each person."""
        self.tally = [0] * len(asked.answers)
        """Number of votes for each answer."""
        for answer in self._votes.values():
            self.tally[answer] += 1

    @property
    def closed(self) -> bool:
        """Whether the poll is closed and its end is stored."""
        return self.state in (PollState.RESULT, PollState.OVER)

    def happen(self, event: PollEvent, now: float) -> bool:
        """Applies an event. Returns whether the state changed."""
        after = TRANSITIONS.get((self.state, event))
        if after is None:
            return False
        self.state = after
        if after is PollState.RESULT:
            self.closed_at = now
        return True

    def require_vote(self, person: str, answer: object) -> int:
        """Checks that this person may vote for this answer now. Returns the index of the answer.
        Raises Unprocessable if there is no such answer, Conflict if the poll is closed, and
        Unavailable if too many people have voted.
        """
        if type(answer) is not int or not 0 <= answer < len(self.tally):
            raise Unprocessable(RefusalCode.NO_SUCH_ANSWER, "the poll has no such answer")
        if self.state is not PollState.OPEN:
            raise Conflict(RefusalCode.POLL_CLOSED, "the poll is closed")
        if person not in self._votes and len(self._votes) >= MAX_VOTERS:
            raise Unavailable(RefusalCode.POLL_FULL, "too many people have voted", 60)
        return answer

    def vote_of(self, person: str) -> int | None:
        """Returns the index of the person's answer; None if the person has not voted."""
        return self._votes.get(person)

    def vote(self, person: str, answer: int) -> bool:
        """Counts a stored vote. A later vote of the same person replaces an earlier vote. Returns
        whether the tally changed.
        """
        before = self._votes.get(person)
        if before == answer or self.closed:
            return False
        if before is not None:
            self.tally[before] -= 1
        self._votes[person] = answer
        self.tally[answer] += 1
        return True

    def forget(self, person: str) -> bool:
        """Removes the vote of a deleted person. Returns whether the tally changed."""
        answer = self._votes.pop(person, None)
        if answer is None:
            return False
        self.tally[answer] -= 1
        return True

    def describe(self) -> dict[str, Any]:
        """Returns the members of the poll event (relay/PROTOCOL.md)."""
        shown = None if self.closed_at is None else self.closed_at + RESULT_SHOWN
        return {
            "id": self.id,
            "question": self.asked.question,
            "answers": list(self.asked.answers),
            "votes": list(self.tally),
            "open": self.state is PollState.OPEN,
            "closes_shown_until": None if shown is None else round(shown * 1_000),
        }


def read_question(question: str, answers: Sequence[str]) -> PollQuestion:
    """Returns the question and answers of a new poll, each as one line. Raises Unprocessable if a
    text is empty or too long, two answers are the same, or the number of answers is wrong.
    """
    if not MIN_ANSWERS <= len(answers) <= MAX_ANSWERS:
        raise _bad(f"a poll has {MIN_ANSWERS} to {MAX_ANSWERS} answers")
    asked = PollQuestion(one_line(question), tuple(one_line(answer) for answer in answers))
    if not 0 < len(asked.question) <= QUESTION_LENGTH:
        raise _bad(f"a question has 1 to {QUESTION_LENGTH} characters")
    if not all(0 < len(answer) <= ANSWER_LENGTH for answer in asked.answers):
        raise _bad(f"an answer has 1 to {ANSWER_LENGTH} characters")
    if len(set(asked.answers)) < len(asked.answers):
        raise _bad("two answers are the same")
    return asked


def _bad(reason: str) -> Unprocessable:
    return Unprocessable(RefusalCode.BAD_POLL, reason)
