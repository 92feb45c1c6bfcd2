"""Taps and distinct people per second of media time."""

import pytest

from server.social import reactions
from server.social.reactions import ANY, KEPT, WINDOW, ReactionCount, Reactions
from server.social.taps import EMOJI, SECONDS_BACK

HEART, FIRE = EMOJI.index("heart"), EMOJI.index("fire")
SECOND = 1_000_000


def of(counts: list[ReactionCount], emoji: str = ANY) -> dict[int, tuple[int, int, int]]:
    """Returns taps, people and first people per second."""
    return {
        count.second: (count.taps, count.people, count.first_people)
        for count in counts
        if count.emoji == emoji
    }


def test_taps_and_distinct_people() -> None:
    kept = Reactions()
    kept.add("a", [(10 * SECOND, HEART, 3), (10 * SECOND, FIRE, 1)])
    kept.add("a", [(10 * SECOND + 500_000, HEART, 2)])
    kept.add("b", [(10 * SECOND, HEART, 1)])
    counts = kept.take()
    assert of(counts) == {10: (7, 2, 2)}
    assert of(counts, "heart") == {10: (6, 2, 2)}
    assert of(counts, "fire") == {10: (1, 1, 1)}
    assert of(counts, "cry") == {}


def test_a_connection_without_a_person_counts_in_taps_only() -> None:
    kept = Reactions()
    kept.add(None, [(10 * SECOND, HEART, 3)])
    assert of(kept.take()) == {10: (3, 0, 0)}


def test_the_people_of_a_window_are_distinct() -> None:
    """One person who taps all the time is one person of the window, in any order of arrival."""
    kept = Reactions()
    for second in (12, 10, 14, 11):
        kept.add("a", [(second * SECOND, HEART, 5)])
    kept.add("b", [(11 * SECOND, FIRE, 1)])
    kept.add("a", [(15 * SECOND, HEART, 1)])
    counts = of(kept.take())
    assert sum(counts[second][1] for second in (10, 11, 12, 14)) == 5
    assert sum(counts[second][2] for second in (10, 11, 12, 14)) == 2
    assert counts[15] == (1, 1, 1), "a new window"


def test_only_changes_are_taken() -> None:
    kept = Reactions()
    kept.add("a", [(10 * SECOND, HEART, 1)])
    assert of(kept.take()) == {10: (1, 1, 1)}
    kept.settle(stored=True)
    assert kept.take() == []
    kept.settle(stored=True)
    kept.add("b", [(10 * SECOND, HEART, 1)])
    assert of(kept.take()) == {10: (2, 2, 2)}, "totals, not differences"


def test_counts_that_could_not_be_stored_are_taken_again() -> None:
    kept = Reactions()
    kept.add("a", [(10 * SECOND, HEART, 1)])
    kept.take()
    kept.add("a", [(11 * SECOND, HEART, 1)])
    kept.settle(stored=False)
    assert set(of(kept.take())) == {10, 11}


def test_old_seconds_are_dropped_once_stored() -> None:
    kept = Reactions()
    kept.add("a", [(0, HEART, 1)])
    kept.take()
    kept.settle(stored=True)
    kept.add("a", [((KEPT + 1) * SECOND, HEART, 1)])
    assert len(kept._seconds) == 1 and kept._people == 1


def test_counts_that_can_never_be_stored_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactions, "MAX_WAITING", 50)
    kept = Reactions()
    for second in range(200):
        kept.add("a", [(second * SECOND, HEART, 1)])
        kept.take()
        kept.settle(stored=False)
    assert len(kept._seconds) <= 51 and kept.lost >= 149
    assert kept._people <= KEPT + 2
    assert max(of(kept.take())) == 199


def test_people_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Further people count in taps only, and the memory is free again after some seconds."""
    monkeypatch.setattr(reactions, "MAX_PEOPLE", 3)
    kept = Reactions()
    for person in "abcde":
        kept.add(person, [(0, HEART, 1)])
    assert of(kept.take()) == {0: (5, 3, 3)}
    kept.settle(stored=True)
    kept.add("f", [((KEPT + WINDOW) * SECOND, HEART, 1)])
    assert of(kept.take())[KEPT + WINDOW] == (1, 1, 1)


def test_the_taps_of_the_last_seconds_are_in_memory() -> None:
    """The taps stay in memory after they are stored, because viewers who jump back see a curve of
    the taps.
    """
    kept = Reactions()
    kept.add("a", [(10 * SECOND, HEART, 3), (10 * SECOND, FIRE, 1), (12 * SECOND, HEART, 1)])
    kept.take()
    kept.settle(stored=True)
    assert kept.between(0, 99) == [(10, {"heart": 3, "fire": 1}), (12, {"heart": 1})]
    assert kept.between(11, 12) == [] and kept.between(12, 13) == [(12, {"heart": 1})]


def test_a_tap_on_a_replayed_moment_counts_there_but_counts_no_person() -> None:
    """Memory does not contain the people of this moment any more. Memory still contains the taps,
    so that the new total replaces the stored total.
    """
    kept = Reactions()
    kept.add("a", [(10 * SECOND, HEART, 2)])
    kept.add("a", [((10 + SECONDS_BACK) * SECOND, HEART, 1)])
    kept.take()
    kept.settle(stored=True)
    kept.add("b", [(10 * SECOND, HEART, 3)])
    assert of(kept.take(), "heart") == {10: (5, 1, 1)}
