"""Decides when the HLS rendition of a room may start. Pure.

The start of a rendition costs more CPU time than any later step: a process is created, and some 10
s of audio are encoded at once. A rendition is starting until it has a playable segment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from relay.client_address import ClientAddress

STARTS = 8
"""Maximum number of renditions that may be starting at the same time in this process. A rendition
that was created more than STARTING seconds ago does not count. Otherwise renditions that never
become playable could keep other rooms from starting.
"""
STARTING = 1.0
"""Time for which a starting rendition counts towards STARTS, seconds. The encoder process of a
rendition starts in much less time.
"""
PER_ADDRESS = 4
"""Maximum number of renditions that may be starting at the same time for the rooms of one address.
"""
PER_NETWORK = 6
"""Maximum number of renditions that may be starting at the same time for the rooms of one network.
This number is less than STARTS, so that one network cannot block all others.
"""
UNPLAYABLE = 6.0
"""Time for which a starting rendition counts towards PER_ADDRESS and PER_NETWORK, seconds. The
rendition of a new live has its first segment after 2.5 s.
"""

WAITING = 40
"""Maximum number of rooms whose rendition waits for its start. Further rooms are refused at once.
"""
WAITING_PER_ADDRESS = 8
"""Maximum number of rooms of one address whose rendition waits for its start."""


@dataclass(frozen=True, slots=True)
class Start:
    """A rendition without a playable segment."""

    creator: ClientAddress
    age: float
    """Time since the rendition was created, seconds."""


def time_to_start(starts: Sequence[Start], creator: ClientAddress) -> float:
    """Returns the time after which a rendition of `creator` may start, seconds: 0 if the rendition
    may start now. The rendition may start earlier if one of `starts` becomes playable or ends.
    Rooms of an unknown address are limited by STARTS only.
    """
    address = [start.age for start in starts if start.creator.address == creator.address]
    network = [start.age for start in starts if start.creator.network == creator.network]
    return max(
        _time_to_free((start.age for start in starts), STARTS, STARTING),
        _time_to_free(address, PER_ADDRESS, UNPLAYABLE) if creator.address else 0.0,
        _time_to_free(network, PER_NETWORK, UNPLAYABLE) if creator.network else 0.0,
    )


def may_wait(waiting: Sequence[ClientAddress], creator: ClientAddress) -> bool:
    """Returns whether the rendition of one more room of `creator` may wait for its start.
    `waiting`: the creator of each room whose rendition waits for its start. Rooms of an unknown
    address are limited by WAITING only.
    """
    address = sum(other.address == creator.address for other in waiting)
    return len(waiting) < WAITING and (not creator.address or address < WAITING_PER_ADDRESS)


def _time_to_free(ages: Iterable[float], most: int, counted: float) -> float:
    """Returns the time until fewer than `most` starts count, seconds. `ages`: the age of each
    start, seconds. A start counts until its age is `counted` seconds.
    """
    young = sorted(age for age in ages if age < counted)
    return counted - young[most - 1] if len(young) >= most else 0.0
