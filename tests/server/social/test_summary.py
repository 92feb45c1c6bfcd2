"""The summary of an ended live."""

from dataclasses import replace

from server.people.person import Person
from server.social.summary import (
    MAX_POINTS,
    LiveRecord,
    Moment,
    PollRecord,
    PollResult,
    Talker,
    WindowCount,
    public_summary,
    step_of,
    summary,
)

MINJI = Person("p1", "민지", 3)
LIVE = LiveRecord(
    "abc234",
    "A title",
    created_at=1_000.0,
    live_at=1_007.4,
    ended_at=1_030.0,
    peak=3,
    people=4,
    messages=9,
    emoji={"heart": 10, "fire": 2},
    steps=(WindowCount(5, 3), WindowCount(10, 7), WindowCount(25, 2)),
    best=WindowCount(10, 7, people=3),
    talkers=(Talker(MINJI, 6),),
    new_followers=2,
    polls=(PollRecord("Tea?", ("Yes", "No"), (2, 1), 1_020.0),),
)


def test_the_summary_for_the_creator() -> None:
    made = summary(LIVE)
    assert (made.room, made.title, made.live_at) == ("abc234", "A title", 1_007.4)
    assert (made.duration, made.peak, made.people, made.messages) == (23, 3, 4, 9)
    assert (made.hearts.total, made.hearts.step, made.hearts.counts) == (12, 5, [3, 7, 0, 0, 2])
    assert made.hearts.emoji == {"heart": 10, "fire": 2}
    assert made.top_moment == Moment(at=3, people=3, taps=7)
    assert made.talkers == (Talker(MINJI, 6),)
    assert made.new_followers == 2
    assert made.polls == [PollResult("Tea?", ("Yes", "No"), (2, 1), 13)]


def test_the_public_part() -> None:
    made = public_summary(LIVE)
    assert (made.duration, made.peak, made.hearts.total) == (23, 3, 12)
    assert set(made.__slots__) == {"room", "title", "live_at", "duration", "peak", "hearts"}


def test_taps_outside_the_live_belong_to_the_outermost_points() -> None:
    live = replace(LIVE, steps=(WindowCount(0, 1), WindowCount(500, 4)))
    assert summary(live).hearts.counts == [1, 0, 0, 0, 4]


def test_a_room_that_was_never_live() -> None:
    made = summary(LiveRecord("abc234", "", 1_000.0, None, 1_600.0))
    assert (made.duration, made.hearts.total, made.hearts.counts) == (0, 0, [0])
    assert made.top_moment is None and made.live_at == 1_600.0


def test_a_live_without_people_has_no_top_moment() -> None:
    """Taps of connections without a person are no moment."""
    assert summary(replace(LIVE, best=WindowCount(10, 7, people=0))).top_moment is None


def test_a_long_live_has_a_limited_number_of_points() -> None:
    assert step_of(23) == step_of(3_600) == 5
    assert step_of(3_601) == 10
    twelve_hours = 12 * 3_600
    assert step_of(twelve_hours) == 60
    live = replace(LIVE, live_at=1_000.0, ended_at=1_000.0 + twelve_hours, steps=())
    assert len(summary(live).hearts.counts) <= MAX_POINTS
