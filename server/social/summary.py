"""The summary of an ended live, from what storage knows of the live. Pure.

Times within the live are in seconds after the live began.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from server.people.person import Person
from server.social.reactions import WINDOW

MAX_POINTS = 720
"""Maximum number of points of the hearts over time: one hour with a point each 5 s."""
MAX_TALKERS = 5


@dataclass(frozen=True, slots=True)
class Hearts:
    """The reactions over the live: hearts and all other emoji."""

    total: int
    emoji: Mapping[str, int]
    """Number of taps for each emoji with taps."""
    step: int
    """Seconds between two points: 5, or a multiple of 5 for a live of over an hour."""
    counts: Sequence[int]
    """Number of taps in each step, from the beginning of the live to its end."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The window of 5 s in which most people reacted."""

    at: int
    people: int
    taps: int


@dataclass(frozen=True, slots=True)
class Talker:
    person: Person
    messages: int


@dataclass(frozen=True, slots=True)
class PollResult:
    question: str
    answers: Sequence[str]
    votes: Sequence[int]
    at: int


@dataclass(frozen=True, slots=True)
class PublicSummary:
    """What every person may read of an ended live."""

    room: str
    title: str
    live_at: float
    """Time at which the room first went live, Unix seconds."""
    duration: int
    """Seconds from the first frame to the end of the room."""
    peak: int
    """Maximum number of viewers at the same time."""
    hearts: Hearts


@dataclass(frozen=True, slots=True)
class Summary(PublicSummary):
    """What the creator may read of an ended live."""

    people: int
    """Number of distinct people who watched."""
    messages: int
    top_moment: Moment | None
    """None if no person reacted."""
    talkers: Sequence[Talker]
    """The people with most messages, the creator excepted. The most talkative is first."""
    new_followers: int
    polls: Sequence[PollResult]


@dataclass(frozen=True, slots=True)
class WindowCount:
    """The reactions in a number of seconds of media time."""

    second: int
    taps: int
    people: int = 0


@dataclass(frozen=True, slots=True)
class PollRecord:
    """A poll as stored."""

    question: str
    answers: Sequence[str]
    votes: Sequence[int]
    opened_at: float


@dataclass(frozen=True, slots=True)
class LiveRecord:
    """What storage knows of an ended live. Times are in Unix seconds."""

    room: str
    title: str
    created_at: float
    """Media time 0."""
    live_at: float | None
    ended_at: float
    peak: int = 0
    people: int = 0
    messages: int = 0
    emoji: Mapping[str, int] = field(default_factory=dict)
    steps: Sequence[WindowCount] = ()
    """The taps per `step_of` seconds. Steps without taps are missing."""
    best: WindowCount | None = None
    """The window of 5 s with most people."""
    talkers: Sequence[Talker] = ()
    new_followers: int = 0
    polls: Sequence[PollRecord] = ()

    @property
    def began_at(self) -> float:
        """Time at which the live began; the end of the room if the room was never live."""
        return self.ended_at if self.live_at is None else self.live_at

    @property
    def duration(self) -> int:
        return max(0, round(self.ended_at - self.began_at))

    @property
    def first_second(self) -> int:
        """Second of media time at which the live began, in whole windows."""
        second = max(0, int(self.began_at - self.created_at))
        return second - second % WINDOW


def step_of(duration: float) -> int:
    """Returns the seconds between two points of the hearts over time, for a live of `duration`
    seconds.
    """
    return WINDOW * max(1, ceil(duration / WINDOW / MAX_POINTS))


def public_summary(live: LiveRecord) -> PublicSummary:
    return PublicSummary(
        live.room, live.title, live.began_at, live.duration, live.peak, _hearts(live)
    )


def summary(live: LiveRecord) -> Summary:
    """Returns the summary for the creator."""
    best = live.best
    return Summary(
        live.room,
        live.title,
        live.began_at,
        live.duration,
        live.peak,
        _hearts(live),
        live.people,
        live.messages,
        Moment(_within(live, best.second), best.people, best.taps)
        if best and best.people
        else None,
        live.talkers[:MAX_TALKERS],
        live.new_followers,
        [
            PollResult(
                poll.question,
                poll.answers,
                poll.votes,
                _within(live, int(poll.opened_at - live.created_at)),
            )
            for poll in live.polls
        ],
    )


def _hearts(live: LiveRecord) -> Hearts:
    step = step_of(live.duration)
    counts = [0] * max(1, ceil(live.duration / step))
    for window in live.steps:
        index = (window.second - live.first_second) // step
        # Taps before the first frame and taps of late viewers belong to the outermost points.
        counts[min(max(index, 0), len(counts) - 1)] += window.taps
    return Hearts(sum(counts), dict(live.emoji), step, counts)


def _within(live: LiveRecord, second: int) -> int:
    """Returns a second of media time as seconds after the live began."""
    return min(max(0, second - int(live.began_at - live.created_at)), live.duration)
