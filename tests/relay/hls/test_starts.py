"""When the rendition of a room may start."""

import pytest

from relay.client_address import UNKNOWN, ClientAddress
from relay.hls.starts import (
    PER_ADDRESS,
    PER_NETWORK,
    STARTING,
    STARTS,
    UNPLAYABLE,
    WAITING,
    WAITING_PER_ADDRESS,
    Start,
    may_wait,
    time_to_start,
)

ONE = ClientAddress("192.0.2.1", "192.0.2.0/24")
TWO = ClientAddress("198.51.100.1", "198.51.100.0/24")


def starts(creator: ClientAddress, *ages: float) -> list[Start]:
    return [Start(creator, age) for age in ages]


def neighbours(number: int, age: float) -> list[Start]:
    """Starts of that many addresses in the network of ONE."""
    return [Start(ClientAddress(f"192.0.2.{n + 2}", ONE.network), age) for n in range(number)]


def strangers(number: int, age: float) -> list[Start]:
    """Starts of that many networks."""
    return [Start(ClientAddress(f"203.0.{n}.1", f"203.0.{n}.0/24"), age) for n in range(number)]


def test_without_starts_a_room_starts_at_once() -> None:
    assert time_to_start([], ONE) == 0


def test_an_address_has_a_number_of_starts() -> None:
    """The next room starts as soon as one of the starts is too old to count."""
    many = starts(ONE, 2.0, *[STARTING] * (PER_ADDRESS - 1))
    assert time_to_start(many, ONE) == UNPLAYABLE - 2
    assert time_to_start(many[1:], ONE) == time_to_start(many, TWO) == 0


def test_only_as_many_as_exceed_the_number_must_end() -> None:
    ages = [3.0, 4.0, *[STARTING] * (PER_ADDRESS - 1)]
    assert time_to_start(starts(ONE, *ages), ONE) == UNPLAYABLE - 3


def test_old_starts_do_not_count() -> None:
    """It does not matter whether they ever become playable."""
    assert time_to_start(starts(ONE, *[UNPLAYABLE] * 9), ONE) == 0
    assert time_to_start(strangers(STARTS, STARTING), ONE) == 0


def test_a_network_has_a_number_of_starts_too() -> None:
    assert time_to_start(neighbours(PER_NETWORK, STARTING), ONE) == UNPLAYABLE - STARTING
    assert time_to_start(neighbours(PER_NETWORK - 1, STARTING), ONE) == 0


def test_all_together_have_a_number_of_starts() -> None:
    assert time_to_start(strangers(STARTS, 0.25), ONE) == STARTING - 0.25
    assert time_to_start(strangers(STARTS - 1, 0.25), ONE) == 0


def test_one_network_cannot_take_all_starts() -> None:
    assert time_to_start(neighbours(PER_NETWORK, 0.0), TWO) == 0


@pytest.mark.parametrize("number", [STARTS - 1, STARTS])
def test_rooms_of_unknown_addresses_have_the_common_number_only(number: int) -> None:
    many = starts(UNKNOWN, *[0.0] * number)
    assert time_to_start(many, UNKNOWN) == (STARTING if number == STARTS else 0)


def test_an_address_has_a_number_of_waiting_rooms() -> None:
    waiting = [ONE] * WAITING_PER_ADDRESS
    assert may_wait(waiting[1:], ONE) and may_wait(waiting, TWO)
    assert not may_wait(waiting, ONE)


def test_all_together_have_a_number_of_waiting_rooms() -> None:
    waiting = [UNKNOWN] * WAITING
    assert may_wait(waiting[1:], UNKNOWN)
    assert not may_wait(waiting, UNKNOWN) and not may_wait(waiting, ONE)
