"""Which room gives up its HLS place."""

from relay.client_address import UNKNOWN, ClientAddress
from relay.hls.places import PER_ADDRESS, PER_NETWORK, Place, place_to_free

ONE = ClientAddress("192.0.2.1", "192.0.2.0/24")
TWO = ClientAddress("198.51.100.1", "198.51.100.0/24")


def places(creator: ClientAddress, *viewers: int) -> list[Place]:
    return [Place(f"{creator.address}-{n}", creator, each) for n, each in enumerate(viewers)]


def test_a_room_without_viewers_gives_up_its_place() -> None:
    """It gives it up even to a room of an address that has many places."""
    watched = places(ONE, *[1] * 9)
    unwatched = places(TWO, 0)
    assert place_to_free([*watched, *unwatched], ONE) == unwatched[0]


def test_the_address_with_most_places_gives_up_first() -> None:
    few, many = places(TWO, 0), places(ONE, 0, 0)
    assert place_to_free([*few, *many], TWO) == many[0]


def test_an_address_above_its_number_gives_up_its_least_watched_room() -> None:
    many = places(ONE, *range(3, 3 + PER_ADDRESS), 2)
    assert place_to_free([*places(TWO, 1), *many], TWO) == many[-1]
    assert place_to_free([*places(TWO, 1), *many], ONE) is None


def test_a_room_of_an_unknown_address_is_not_limited() -> None:
    many = places(UNKNOWN, *[1] * (PER_ADDRESS + 1))
    assert place_to_free(many, TWO) is None


def test_without_a_reason_the_new_room_gets_no_place() -> None:
    assert place_to_free(places(ONE, *[1] * PER_ADDRESS), TWO) is None


def test_a_network_has_a_number_too() -> None:
    network = [
        Place(f"{n}", ClientAddress(f"192.0.2.{n}", ONE.network), 1) for n in range(PER_NETWORK + 1)
    ]
    new = ClientAddress("192.0.2.200", ONE.network)
    assert place_to_free(network, new) is None
    assert place_to_free(network, TWO) in network
    assert place_to_free(network[:-1], TWO) is None
