"""Which acts of people count for an item."""

from server.feed.witnesses import APART, MOST, PER_NETWORK, Witnesses


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


def test_a_clock_that_goes_back_counts_nobody_twice() -> None:
    witnesses = Witnesses()
    assert witnesses.admit("live", "network", "person", 1_000)
    assert not witnesses.admit("live", "network", "person", 0)
