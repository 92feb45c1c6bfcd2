"""Removals can be undone for ten seconds."""

from server.social.undo import WITHIN, can_undo


def test_an_action_can_be_undone_in_time() -> None:
    assert can_undo(100.0, 100.0)
    assert can_undo(100.0, 100.0 + WITHIN - 0.01)
    assert not can_undo(100.0, 100.0 + WITHIN)


def test_an_action_of_a_server_whose_clock_is_ahead_can_be_undone() -> None:
    assert can_undo(105.0, 100.0)
