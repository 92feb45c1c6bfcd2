"""The number of distinct people."""

import pytest

from server.social.distinct import DistinctPeople


def test_people_count_once() -> None:
    people = DistinctPeople()
    assert [people.add(person) for person in ("a", "b", "a")] == [True, True, False]
    assert people.number == 2


@pytest.mark.parametrize("number", [1_000, 30_000, 200_000])
def test_above_a_number_the_count_is_an_estimate(number: int) -> None:
    """It is accurate to 5 %, and its memory does not grow."""
    people = DistinctPeople(exact=500)
    for person in range(number):
        people.add(f"p-{person}")
        if person % 3 == 0:
            people.add(f"p-{person // 2}")
    assert abs(people.number - number) < 0.05 * number
    assert not people._hashes and people._registers is not None and len(people._registers) == 4096


def test_the_count_does_not_fall_when_it_becomes_an_estimate() -> None:
    people, before = DistinctPeople(exact=100), 0
    for person in range(300):
        people.add(str(person))
        assert people.number >= min(before, 100)
        before = people.number
