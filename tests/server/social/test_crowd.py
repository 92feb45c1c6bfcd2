"""The people who begin to react, per second of media time."""

import random

import pytest

from server.social import crowd
from server.social.crowd import APART, LATE, Crowd, dense


def of(counted: Crowd, end: int = 200) -> dict[int, int]:
    return {second: people for second, people in enumerate(counted.counts(0, end)) if people}


def test_a_person_counts_once_for_one_event() -> None:
    counted = Crowd()
    for second in (50, 50, 51, 53, 60):
        counted.add("a", second)
    counted.add("b", 51)
    assert of(counted) == {50: 1, 51: 1}


def test_a_person_counts_again_after_a_pause() -> None:
    counted = Crowd()
    counted.add("a", 50)
    counted.add("a", 50 + APART)
    counted.add("a", 50 + 2 * APART + 1)
    assert of(counted) == {50: 1, 50 + 2 * APART + 1: 1}


def test_a_bot_that_taps_all_the_time_counts_once() -> None:
    counted = Crowd()
    for second in range(50, 150):
        for _ in range(100):
            counted.add("bot", second)
    assert of(counted) == {50: 1}


def test_the_order_of_arrival_changes_nothing_for_one_event() -> None:
    reactions = [(person, second) for person in "abcdef" for second in range(50, 54)]
    random.Random(1).shuffle(reactions)
    counted = Crowd()
    for person, second in reactions:
        counted.add(person, second)
    assert sum(of(counted).values()) == 6


def test_only_changes_are_taken() -> None:
    counted = Crowd()
    counted.add("a", 50)
    counted.add("b", 50)
    assert counted.take() == [(50, 2)]
    counted.settle(stored=True)
    assert counted.take() == []
    counted.add("c", 50)
    counted.add("c", 51)
    assert counted.take() == [(50, 3)], "a total, not a difference"


def test_counts_that_could_not_be_stored_are_taken_again() -> None:
    counted = Crowd()
    counted.add("a", 50)
    counted.take()
    counted.add("b", 55)
    counted.settle(stored=False)
    assert counted.take() == [(50, 1), (55, 1)]


def test_the_counts_of_an_earlier_process_are_added() -> None:
    counted = Crowd()
    counted.add("a", 150)
    counted.restore([(20, 3), (150, 2)])
    assert of(counted) == {20: 3, 150: 3}
    assert counted.take() == [(150, 3)]


def test_a_late_reaction_counts_and_a_very_late_one_does_not() -> None:
    counted = Crowd()
    counted.add("a", 100)
    counted.add("b", 100 - LATE)
    counted.add("c", 100 - 2 * LATE - 1)
    assert of(counted) == {100: 1, 100 - LATE: 1}


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "MAX_SECONDS", 100)
    monkeypatch.setattr(crowd, "MAX_PEOPLE", 5)
    counted = Crowd()
    for second in range(0, 1_000, 20):
        for person in range(10):
            counted.add(f"{second}-{person}", second)
    assert len(counted._counts) <= 100
    assert len(counted._last) <= 6
    assert all(second >= 880 for second, _ in counted.take())
    counted.add("later", 1_000_000)
    assert len(counted._counts) <= 100


def test_people_count_again_when_the_old_ones_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crowd, "MAX_PEOPLE", 2)
    counted = Crowd()
    for person in "abc":
        counted.add(person, 50)
    counted.add("d", 51 + LATE)
    assert of(counted) == {50: 2, 51 + LATE: 1}


@pytest.mark.parametrize("first", [0, 49, 50, 51, 55, 70])
def test_a_part_of_the_live_has_the_counts_of_its_seconds(first: int) -> None:
    counted = Crowd()
    for number, second in enumerate((50, 50, 52, 57)):
        counted.add(f"viewer {number}", second)
    every = counted.counts(0, 100)
    assert sum(every) == 4
    for end in (0, 50, 51, 53, 58, 80):
        assert counted.counts(first, end) == every[first:end]


def test_a_deleted_person_is_forgotten() -> None:
    counted = Crowd()
    counted.add("a", 50)
    counted.forget("a")
    counted.forget("b")
    assert not counted._last and of(counted) == {50: 1}


def test_dense_counts() -> None:
    assert dense([(3, 2), (5, 1), (9, 7)], 3, 7) == [2, 0, 1, 0]
    assert dense([], 5, 5) == [] and dense([(1, 1)], 5, 3) == []
