"""The summary of an ended live."""

from dataclasses import replace

from server.people.person import Person
from server.social.summary import (
    MAX_POINTS,
    Live,
    Moment,
    PollResult,
    PublicSummary,
    Summary,
    Talker,
    public_summary,
    step_of,
    summary,
)
from server.storage.summary_records import (
    HeartRecord,
    ResultRecord,
    SummaryRecord,
    TalkerRecord,
    WindowRecord,
)

LIVE = Live(
    "abc234", "A title", created_at=1_000.0, live_at=1_007.4, ended_at=1_030.0, peak=3, people=4
)
HEARTS = HeartRecord({"heart": 10, "fire": 2}, {0: 3, 1: 7, 4: 2})
STORED = SummaryRecord(
    messages=9,
    best=WindowRecord(10, 7, 3),
    talkers=[TalkerRecord("p1", "민지", 3, None, 6)],
    new_followers=2,
    polls=[ResultRecord("Tea?", ["Yes", "No"], [2, 1], 1_020.0)],
)


def made(live: Live = LIVE, hearts: HeartRecord = HEARTS, **changes: object) -> Summary:
    return summary(live, hearts, replace(STORED, **changes))  # type: ignore[arg-type]


def test_the_summary_for_the_creator() -> None:
    assert (made().room, made().title, made().live_at) == ("abc234", "A title", 1_007.4)
    assert (made().duration, made().peak, made().people, made().messages) == (23, 3, 4, 9)
    assert made().top_moment == Moment(at=3, people=3, taps=7)
    assert made().talkers == [Talker(Person("p1", "민지", 3), 6)]
    assert made().new_followers == 2
    assert made().polls == [PollResult("Tea?", ["Yes", "No"], [2, 1], 13)]


def test_hearts_over_time() -> None:
    hearts = made().hearts
    assert LIVE.first_second == 5
    assert (hearts.total, hearts.step, hearts.counts) == (12, 5, [3, 7, 0, 0, 2])
    assert hearts.emoji == {"heart": 10, "fire": 2}


def test_the_public_part() -> None:
    public = public_summary(LIVE, HEARTS)
    assert type(public) is PublicSummary
    assert (public.duration, public.peak, public.hearts) == (23, 3, made().hearts)


def test_taps_outside_the_live_belong_to_the_outermost_points() -> None:
    hearts = made(hearts=HeartRecord({}, {0: 1, 100: 4})).hearts
    assert hearts.counts == [1, 0, 0, 0, 4]


def test_a_room_that_was_never_live() -> None:
    live = Live("abc234", "", 1_000.0, None, 1_600.0)
    empty = summary(live, HeartRecord({}, {}), SummaryRecord())
    assert (empty.duration, empty.hearts.total, empty.hearts.counts) == (0, 0, [0])
    assert empty.top_moment is None and empty.live_at == 1_600.0


def test_a_live_without_people_has_no_top_moment() -> None:
    """Taps of connections without a person make no moment."""
    assert made(best=WindowRecord(10, 7, 0)).top_moment is None


def test_a_long_live_has_a_limited_number_of_points() -> None:
    assert step_of(23) == step_of(3_600) == 5
    assert step_of(3_601) == 10
    twelve_hours = 12 * 3_600
    assert step_of(twelve_hours) == 60
    live = replace(LIVE, live_at=1_000.0, ended_at=1_000.0 + twelve_hours)
    assert len(made(live).hearts.counts) <= MAX_POINTS
