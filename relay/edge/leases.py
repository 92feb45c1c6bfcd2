"""The leases of an origin: which edges want which rooms, and how many viewers they have. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from relay.errors import MessageError

LEASE_S: Final = 6.0
"""Time after which a lease ends that its edge has not renewed, s."""
MAX_EDGES: Final = 1_000
MAX_LEASES: Final = 20_000
"""Maximum number of leases of all edges together."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The viewers of a room at one edge, or at all edges together."""

    viewers: int = 0
    ranked: int = 0
    """Number of viewers that determines the rank of the room in the list of rooms."""

    def to_json(self) -> list[int]:
        return [self.viewers, self.ranked]

    @classmethod
    def from_json(cls, value: Any) -> "Counts":
        """Raises MessageError if the value is not two numbers from 0 to 10,000,000."""
        if (
            not isinstance(value, list)
            or len(value) != 2
            or not all(type(one) is int and 0 <= one <= 10_000_000 for one in value)
        ):
            raise MessageError("the counts of a room are not two numbers")
        return cls(*value)


class _Lease:
    __slots__ = ("counts", "until")

    def __init__(self, counts: Counts, until: float) -> None:
        self.counts = counts
        self.until = until


class Leases:
    """The leases of all edges. `now` is in seconds of any clock."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[str, _Lease]] = {}
        """The leases of each room, by edge."""
        self._number = 0

    def __len__(self) -> int:
        return self._number

    @property
    def edges(self) -> int:
        """The number of edges that have a lease."""
        return len({edge for leases in self._rooms.values() for edge in leases})

    def renew(self, edge: str, room: str, counts: Counts, now: float) -> bool:
        """Begins or renews a lease. The counts replace those that the edge sent before. Returns
        False, and does nothing, if there are too many leases.
        """
        leases = self._rooms.get(room)
        lease = leases.get(edge) if leases else None
        if lease is None:
            if self._number >= MAX_LEASES or (leases and len(leases) >= MAX_EDGES):
                return False
            self._rooms.setdefault(room, {})[edge] = _Lease(counts, now + LEASE_S)
            self._number += 1
            return True
        lease.counts, lease.until = counts, now + LEASE_S
        return True

    def beat(self, edge: str, rooms: Mapping[str, Counts], now: float) -> None:
        """Renews the leases that one edge has. It must join the other rooms again."""
        for room, counts in rooms.items():
            if edge in self._rooms.get(room, ()):
                self.renew(edge, room, counts, now)

    def end(self, edge: str) -> set[str]:
        """Ends all leases of an edge. Returns their rooms."""
        rooms = {room for room, leases in self._rooms.items() if edge in leases}
        for room in rooms:
            self._drop(room, edge)
        return rooms

    def forget(self, room: str) -> None:
        """Ends all leases of a room."""
        self._number -= len(self._rooms.pop(room, ()))

    def expire(self, now: float) -> set[str]:
        """Ends the leases whose time is over. Returns their rooms."""
        over = [
            (room, edge)
            for room, leases in self._rooms.items()
            for edge, lease in leases.items()
            if lease.until <= now
        ]
        for room, edge in over:
            self._drop(room, edge)
        return {room for room, _ in over}

    def wanted(self, room: str) -> bool:
        """Whether an edge wants the room."""
        return room in self._rooms

    def counts(self, room: str) -> Counts:
        """Returns the viewers of a room at all edges together."""
        found = [lease.counts for lease in self._rooms.get(room, {}).values()]
        return Counts(sum(one.viewers for one in found), sum(one.ranked for one in found))

    def _drop(self, room: str, edge: str) -> None:
        leases = self._rooms[room]
        del leases[edge]
        self._number -= 1
        if not leases:
            del self._rooms[room]
