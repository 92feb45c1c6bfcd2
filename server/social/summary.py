"""The summary of an ended live, made from stored records. Pure.

Times within the live are in seconds after the live began.
"""

from dataclasses import dataclass
from math import ceil

from server.people.person import Person
from server.social.reactions import WINDOW
from server.storage.summary_records import HeartRecord, SummaryRecord

MAX_POINTS = 720
"""Maximum number of points in the chart of the hearts: one point each 5 s for one hour."""


@dataclass(frozen=True, slots=True)
class Hearts:
    """The reactions over the live: hearts and all other emoji."""

    total: int
    emoji: dict[str, int]
    """Number of taps for each emoji that people have tapped."""
    step: int
    """Seconds between two points: 5, or a multiple of 5 for a live of over an hour."""
    counts: list[int]
    """Number of taps in each step, from the beginning of the live to its end."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The window of 5 s in which the largest number of people reacted."""

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
    answers: list[str]
    votes: list[int]
    at: int


@dataclass(frozen=True, slots=True)
class PublicSummary:
    """The part of the summary that every person may read."""

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
    """The whole summary, which only the creator may read."""

    people: int
    """Number of distinct people who watched."""
    messages: int
    top_moment: Moment | None
    """The moment with the most people who reacted; None if no person reacted."""
    talkers: list[Talker]
    """The people who wrote the most messages, without the creator. The person with most messages is
    first.
    """
    new_followers: int
    polls: list[PollResult]


@dataclass(frozen=True, slots=True)
class Live:
    """The times of an ended live, in Unix seconds."""

    room: str
    title: str
    created_at: float
    """Time at which the room was created. At this time, media time is 0."""
    live_at: float | None
    ended_at: float
    peak: int = 0
    people: int = 0

    @property
    def began_at(self) -> float:
        """Time at which the live began; the end of the room if the room was never live."""
        return self.ended_at if self.live_at is None else self.live_at

    @property
    def duration(self) -> int:
        return max(0, round(self.ended_at - self.began_at))

    @property
    def first_second(self) -> int:
        """Media time at which the live began, rounded down to the start of a window, seconds."""
        second = max(0, int(self.began_at - self.created_at))
        return second - second % WINDOW


def step_of(duration: float) -> int:
    """Returns the seconds between two points in the chart of the hearts. `duration`: duration of
    the live, seconds.
    """
    return WINDOW * max(1, ceil(duration / WINDOW / MAX_POINTS))


def public_summary(live: Live, hearts: HeartRecord) -> PublicSummary:
    """Returns the summary for every person. `hearts`: the taps per `step_of` seconds from
    `live.first_second` on.
    """
    return PublicSummary(
        live.room, live.title, live.began_at, live.duration, live.peak, _hearts(live, hearts)
    )


def summary(live: Live, hearts: HeartRecord, stored: SummaryRecord) -> Summary:
    """Returns the summary for the creator. `hearts`: the same taps as in `public_summary`."""
    best = stored.best
    return Summary(
        live.room,
        live.title,
        live.began_at,
        live.duration,
        live.peak,
        _hearts(live, hearts),
        live.people,
        stored.messages,
        Moment(_within(live, best.second), best.people, best.taps)
        if best and best.people
        else None,
        [
            Talker(
                Person(talker.person, talker.name, talker.colour, talker.handle), talker.messages
            )
            for talker in stored.talkers
        ],
        stored.new_followers,
        [
            PollResult(
                poll.question,
                list(poll.answers),
                list(poll.votes),
                _within(live, int(poll.opened_at - live.created_at)),
            )
            for poll in stored.polls
        ],
    )


def _hearts(live: Live, stored: HeartRecord) -> Hearts:
    step = step_of(live.duration)
    counts = [0] * max(1, ceil(live.duration / step))
    for index, taps in stored.steps.items():
        # Taps before the first frame count for the first point, and late taps for the last point.
        counts[min(max(index, 0), len(counts) - 1)] += taps
    return Hearts(sum(counts), dict(stored.emoji), step, counts)


def _within(live: Live, second: int) -> int:
    """Returns a second of media time as seconds after the live began."""
    return min(max(0, second - int(live.began_at - live.created_at)), live.duration)
