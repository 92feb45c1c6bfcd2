"""The stored figures of an ended live. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeartRecord:
    """The taps during a live."""

    emoji: Mapping[str, int]
    """Number of taps by emoji."""
    steps: Mapping[int, int]
    """Number of taps by step. Step 0 begins at the first second of the query. Steps without taps
    are missing.
    """


@dataclass(frozen=True, slots=True)
class WindowRecord:
    """The reactions in one window of media time."""

    second: int
    """First second of the window."""
    taps: int
    people: int


@dataclass(frozen=True, slots=True)
class TalkerRecord:
    """A person who wrote messages, with the name in the person's last message."""

    person: str
    name: str
    colour: int
    handle: str | None
    messages: int


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """A poll with the number of votes for each answer."""

    question: str
    answers: Sequence[str]
    votes: Sequence[int]
    opened_at: float
    """Time at which the poll opened, Unix seconds."""


@dataclass(frozen=True, slots=True)
class SummaryRecord:
    """The figures that only the creator reads."""

    messages: int = 0
    best: WindowRecord | None = None
    """The window in which the largest number of people reacted; None if there are no reactions."""
    talkers: Sequence[TalkerRecord] = ()
    new_followers: int = 0
    polls: Sequence[ResultRecord] = ()
