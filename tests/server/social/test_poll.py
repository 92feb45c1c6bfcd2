"""A poll, by its table."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import Refusal, RefusalCode
from server.social import poll as module
from server.social.poll import (
    MAX_ANSWERS,
    RESULT_SHOWN,
    Poll,
    PollEvent,
    PollQuestion,
    PollState,
    read_question,
)

S, E = PollState, PollEvent
ASKED = PollQuestion("Tea or coffee?", ("Tea", "Coffee", "Neither"))
EVENTS = [E.CLOSE, E.STORED, E.FAILED, E.SHOWN]
# One row per state, one column per event; None: the state stays.
EXPECTED: dict[PollState, list[PollState | None]] = {
    S.OPEN: [S.CLOSING, None, None, None],
    S.CLOSING: [None, S.RESULT, S.OPEN, None],
    S.RESULT: [None, None, None, S.OVER],
    S.OVER: [None, None, None, None],
}
PATHS = {
    S.OPEN: [],
    S.CLOSING: [E.CLOSE],
    S.RESULT: [E.CLOSE, E.STORED],
    S.OVER: [E.CLOSE, E.STORED, E.SHOWN],
}


def make(state: PollState = S.OPEN) -> Poll:
    poll = Poll("p1", ASKED, 1_000.0)
    for event in PATHS[state]:
        assert poll.happen(event, 1_020.0)
    assert poll.state is state
    return poll


@pytest.mark.parametrize(("state", "event"), list(product(S, E)))
def test_every_event_in_every_state(state: PollState, event: PollEvent) -> None:
    assert set(EVENTS) == set(E) and set(EXPECTED) == set(S)
    poll, after = make(state), EXPECTED[state][EVENTS.index(event)]
    assert poll.happen(event, 1_030.0) == (after is not None)
    assert poll.state is (after or state)


@pytest.mark.parametrize("state", S)
def test_votes_are_taken_while_the_poll_is_open(state: PollState) -> None:
    poll = make(state)
    if state is S.OPEN:
        assert poll.require_vote("a", 1) == 1
        return
    with pytest.raises(Refusal) as caught:
        poll.require_vote("a", 1)
    assert caught.value.code is RefusalCode.POLL_CLOSED and caught.value.status == 409


def test_a_person_has_one_vote_that_can_change() -> None:
    poll = make()
    assert poll.vote("a", 0) and poll.vote("b", 0)
    assert not poll.vote("a", 0)
    assert poll.vote("a", 2)
    assert poll.tally == [1, 0, 1]


def test_a_vote_stored_before_the_end_still_counts() -> None:
    poll = make(S.CLOSING)
    assert poll.vote("a", 0)
    assert not make(S.RESULT).vote("a", 0)


@pytest.mark.parametrize("answer", [7, 3, -1, True, 1.0, "1", None, [], 10**400])
def test_an_answer_that_does_not_exist(answer: object) -> None:
    with pytest.raises(Refusal) as caught:
        make().require_vote("a", answer)
    assert caught.value.code is RefusalCode.NO_SUCH_ANSWER and caught.value.status == 422


def test_the_number_of_voters_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VOTERS", 1)
    poll = make()
    poll.vote("a", 0)
    assert poll.require_vote("a", 1) == 1
    with pytest.raises(Refusal) as caught:
        poll.require_vote("b", 1)
    assert caught.value.code is RefusalCode.POLL_FULL


def test_the_votes_of_a_former_process() -> None:
    poll = Poll("p1", ASKED, 1_000.0, {"a": 1, "b": 1, "c": 0})
    assert poll.tally == [1, 2, 0]
    assert poll.vote("a", 0) and poll.tally == [2, 1, 0]


def test_the_description() -> None:
    poll = make()
    poll.vote("a", 1)
    assert poll.describe() == {
        "id": "p1",
        "question": "Tea or coffee?",
        "answers": ["Tea", "Coffee", "Neither"],
        "votes": [0, 1, 0],
        "open": True,
        "closes_shown_until": None,
    }
    closed = make(S.RESULT).describe()
    assert closed["open"] is False
    assert closed["closes_shown_until"] == (1_020 + RESULT_SHOWN) * 1_000


def test_a_question() -> None:
    assert read_question(" Tea\nor coffee? ", ["Tea ", "Coffee"]) == PollQuestion(
        "Tea or coffee?", ("Tea", "Coffee")
    )


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("q", ["a"]),
        ("q", []),
        ("q", ["a", "b", "c", "d", "e"]),
        ("\0", ["a", "b"]),
        ("q" * 141, ["a", "b"]),
        ("q", ["a", " "]),
        ("q", ["a", "b" * 61]),
        ("q", ["a", " a"]),
    ],
)
def test_a_bad_question(question: str, answers: list[str]) -> None:
    with pytest.raises(Refusal) as caught:
        read_question(question, answers)
    assert (caught.value.status, caught.value.code) == (422, RefusalCode.BAD_POLL)


@given(st.text(max_size=200), st.lists(st.text(max_size=70), max_size=6))
def test_any_question_is_read_or_refused(question: str, answers: list[str]) -> None:
    try:
        asked = read_question(question, answers)
    except Refusal:
        return
    for text in (asked.question, *asked.answers):
        assert text and "\n" not in text and "\u202e" not in text
    assert 2 <= len(asked.answers) <= MAX_ANSWERS


def test_the_vote_of_a_deleted_person_is_removed() -> None:
    poll = Poll("p", PollQuestion("?", ("a", "b")), 0.0, {"p-1": 1, "p-2": 1})
    assert poll.forget("p-1") and not poll.forget("p-1")
    assert poll.tally == [0, 1] and poll.vote_of("p-1") is None
