"""The states of a clip."""

from server.clips.life import FINISHED, TRANSITIONS, UNFINISHED, ClipEvent, State, states_before


def test_every_state_can_be_reached_from_the_draft() -> None:
    reached = {State.DRAFT}
    while (
        more := {after for (before, _), after in TRANSITIONS.items() if before in reached} - reached
    ):
        reached |= more
    assert reached == set(State)


def test_only_a_finished_clip_can_be_deleted() -> None:
    assert set(states_before(ClipEvent.DELETE)) == set(FINISHED)
    assert states_before(ClipEvent.FINISH) == (State.DRAFT.value,)
    assert {*FINISHED, *UNFINISHED, State.DELETED.value} == {state.value for state in State}


def test_a_clip_that_could_not_be_made_can_be_finished_again() -> None:
    assert TRANSITIONS[TRANSITIONS[State.DRAFT, ClipEvent.FINISH], ClipEvent.FAIL] is State.DRAFT
