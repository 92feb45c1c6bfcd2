"""Which acts of people count for an item."""

from server.feed.witnesses import (
    APART,
    CREATORS,
    MAX_PEOPLE,
    MOST,
    PER_NETWORK,
    Audience,
    Witnesses,
)


def test_a_person_counts_once_in_ten_minutes() -> None:
    witnesses = Witnesses()
    assert witnesses.admit("live", "network", "person", 0)
    assert not witnesses.admit("live", "network", "person", APART - 1)
    assert witnesses.admit("another", "network", "person", APART - 1)
    assert witnesses.admit("live", "network", "person", APART)


def test_a_network_counts_as_a_few_people() -> None:
    witnesses = Witnesses()
    admitted = [witnesses.admit("live", "network", f"bot {index}", 0) for index in range(1_000)]
    assert sum(admitted) == PER_NETWORK
    assert witnesses.admit("live", "another network", "bot 7", 0)
    assert witnesses.admit("live", "network", "bot 7", APART)


def test_what_is_kept_is_bounded() -> None:
    witnesses = Witnesses()
    for index in range(MOST + 10):
        witnesses.admit("live", f"network {index}", "person", 0)
    assert len(witnesses) == MOST
    # The oldest pair is forgotten, the newest is not.
    assert not witnesses.admit("live", f"network {MOST + 9}", "person", 1)
    assert witnesses.admit("live", "network 0", "person", 1)


def test_a_clock_that_goes_back_counts_no_person_twice() -> None:
    witnesses = Witnesses()
    assert witnesses.admit("live", "network", "person", 1_000)
    assert not witnesses.admit("live", "network", "person", 0)


def test_a_person_counts_after_stays_with_several_creators() -> None:
    audience = Audience()
    for _ in range(10):
        audience.stayed("bot", "who bought it")
    for number in range(CREATORS):
        assert not audience.counts("person")
        audience.stayed("person", f"creator {number}")
    assert audience.counts("person")
    assert not audience.counts("bot")


def test_the_people_who_are_known_are_bounded() -> None:
    audience = Audience()
    for number in range(CREATORS):
        audience.stayed("first", f"creator {number}")
    for number in range(MAX_PEOPLE + 5):
        audience.stayed(f"person {number}", "creator")
        if number == MAX_PEOPLE - 10:
            audience.stayed("first", "creator 0")
    assert len(audience) == MAX_PEOPLE
    assert audience.counts("first")  # It stayed again, so that others were forgotten.
