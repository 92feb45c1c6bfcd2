"""What the viewers of a room see now, put together from their beacons. Pure; `now` in seconds."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from server.rooms.beacon import Beacon

FRESH = 3.5
"""Seconds that a beacon tells of now: one a second comes, and a lost one or two must not make a
viewer vanish.
"""
SOON = 0.5
"""Seconds; what comes sooner after the one before is no second's beacon: it came late, or from who
wants to be counted often.
"""
LATELY = 30.0
"""Seconds for which the creator is told that a viewer ran dry."""


@dataclass(slots=True)
class _Viewer:
    beacon: Beacon
    at: float
    stalled_at: float = float("-inf")


class Audience:
    """The last beacon of each viewer that is connected; nothing is kept of those who left."""

    def __init__(self) -> None:
        self._viewers: dict[int, _Viewer] = {}

    def __len__(self) -> int:
        return len(self._viewers)

    def last(self, viewer: int) -> Beacon | None:
        """The latest beacon of a viewer that was taken."""
        known = self._viewers.get(viewer)
        return known.beacon if known else None

    def report(self, viewer: int, beacon: Beacon, now: float) -> bool:
        """Takes a viewer's beacon. False where it comes too soon after the one before to tell of
        anything.
        """
        known = self._viewers.get(viewer)
        if known is None:
            self._viewers[viewer] = _Viewer(beacon, now)
            return True
        if now - known.at < SOON:
            return False
        if beacon.stalls is not None and beacon.stalls > (known.beacon.stalls or 0):
            known.stalled_at = now
        # What stays true need not be told again, and must not count again when it is.
        first, stalls = beacon.first_picture, beacon.stalls
        known.beacon = beacon._replace(
            first_picture=known.beacon.first_picture if first is None else first,
            stalls=known.beacon.stalls if stalls is None else stalls,
        )
        known.at = now
        return True

    def leave(self, viewer: int) -> None:
        self._viewers.pop(viewer, None)

    def players(self, now: float) -> Counter[str]:
        """How many viewers told lately that they play with what."""
        return Counter(viewer.beacon.player for viewer in self._fresh(now))

    def describe(self, watching: int, now: float) -> dict[str, Any]:
        """How `watching` viewers fare, as API.md tells it: delays in ms, null where no viewer told
        any.
        """
        viewers = self._fresh(now)
        fresh = [viewer.beacon for viewer in viewers]
        told = [beacon.playing for beacon in fresh if beacon.playing is not None]
        return {
            "watching": watching,
            "reporting": len(told),
            "playing": sum(told),
            # Of those who stand still the delay says how long they have, not how far behind the
            # picture is.
            "behind_lens": _spread(beacon.behind_lens for beacon in fresh if beacon.playing),
            "first_picture": _spread(beacon.first_picture for beacon in fresh),
            "stalled": sum(now - viewer.stalled_at <= LATELY for viewer in viewers),
            "players": dict(Counter(beacon.player for beacon in fresh)),
        }

    def _fresh(self, now: float) -> list[_Viewer]:
        return [viewer for viewer in self._viewers.values() if now - viewer.at <= FRESH]


def _spread(values: Iterable[float | None]) -> dict[str, int] | None:
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    return {
        "p50": round(ordered[(len(ordered) - 1) // 2]),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1) + 0.5)]),
    }
