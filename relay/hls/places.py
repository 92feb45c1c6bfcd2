"""Chooses the rooms that get an HLS rendition if there are more rooms than places. The number of
places is the maximum number of renditions. Pure.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from relay.client_address import ClientAddress

PER_ADDRESS = 4
"""Number of places that the rooms of one address may keep if another room needs a place."""
PER_NETWORK = 8 * PER_ADDRESS
"""Number of places that the rooms of one network may keep if another room needs a place."""


@dataclass(frozen=True, slots=True)
class Place:
    """A room that has one of the limited number of HLS renditions."""

    room: str
    creator: ClientAddress
    viewers: int
    """Number of the room's HLS viewers."""


def place_to_free(places: Sequence[Place], creator: ClientAddress) -> Place | None:
    """Chooses the place that a new room of `creator` gets when all places are taken: the room at
    this place loses it. Returns None if the new room gets no place.

    Rooms without HLS viewers give up their places first. Next are rooms whose address has more
    than PER_ADDRESS places, or whose network has more than PER_NETWORK places.
    """
    addresses = Counter(place.creator.address for place in places)
    networks = Counter(place.creator.network for place in places)

    def held(place: Place) -> int:
        return addresses[place.creator.address]

    unwatched = [place for place in places if not place.viewers]
    if unwatched:
        return max(unwatched, key=held)
    if (creator.address and addresses[creator.address] >= PER_ADDRESS) or (
        creator.network and networks[creator.network] >= PER_NETWORK
    ):
        return None
    beyond = [
        place
        for place in places
        if (place.creator.address and addresses[place.creator.address] > PER_ADDRESS)
        or (place.creator.network and networks[place.creator.network] > PER_NETWORK)
    ]
    return min(beyond, key=lambda place: place.viewers) if beyond else None
