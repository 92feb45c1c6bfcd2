"""What the viewers of a room see now, put together from their beacons. Pure; `now` in seconds."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from server.beacon import Beacon

FRESH = 3.5
"""Seconds that a beacon tells of now: one a second comes, and a lost one or two must not make a viewer vanish."""


class Audience:
    """The last beacon of each viewer that is connected; nothing is kept of those who left."""

    def __init__(self) -> None:
        self._beacons: dict[int, tuple[Beacon, float]] = {}

    def __len__(self) -> int:
        return len(self._beacons)

    def report(self, viewer: int, beacon: Beacon, now: float) -> Beacon | None:
        """Takes a viewer's beacon. Returns the one before it, None if this is its first."""
        before = self._beacons.get(viewer)
        self._beacons[viewer] = (beacon, now)
        return before[0] if before else None

    def leave(self, viewer: int) -> None:
        self._beacons.pop(viewer, None)

    def players(self, now: float) -> Counter[str]:
        """How many viewers told lately that they play with what."""
        return Counter(beacon.player for beacon, at in self._beacons.values() if now - at <= FRESH)

    def describe(self, watching: int, now: float) -> dict[str, Any]:
        """How `watching` viewers fare, as API.md tells it: delays in ms, null where no viewer told any."""
        fresh = [beacon for beacon, at in self._beacons.values() if now - at <= FRESH]
        told = [beacon.playing for beacon in fresh if beacon.playing is not None]
        return {
            "watching": watching,
            "reporting": len(told),
            "playing": sum(told),
            # Of those who stand still the delay says how long they have, not how far behind the picture is.
            "behind_lens": _spread(beacon.behind_lens for beacon in fresh if beacon.playing),
            "first_picture": _spread(beacon.first_picture for beacon in fresh),
            "players": dict(Counter(beacon.player for beacon in fresh)),
        }


def _spread(values: Iterable[float | None]) -> dict[str, int] | None:
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    return {"p50": round(ordered[(len(ordered) - 1) // 2]), "p95": round(ordered[int(0.95 * (len(ordered) - 1) + 0.5)])}
