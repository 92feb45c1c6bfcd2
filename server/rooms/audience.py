"""Measures how well a room's video currently plays, from viewers' reports. Pure; `now` in
seconds.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from server.rooms.beacon import Beacon

FRESH = 3.5
"""Seconds for which a report is valid. A viewer sends a report every second, and still counts if
one or two reports are lost.
"""
MIN_INTERVAL = 0.5
"""Minimum seconds between two reports of a viewer. A report that arrives sooner is ignored, because
otherwise the metrics would count the viewer twice in one second. Two reports arrive in quick
succession if the network delayed the first report.
"""
STALL_SHOWN = 30.0
"""Seconds for which a viewer counts as stalled after a stall."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile of a delay, ms."""

    p50: int
    p95: int


@dataclass(frozen=True, slots=True)
class AudienceHealth:
    """The audience part of a room's health (server/API.md). A figure is None if no report contains
    the figure.
    """

    watching: int
    reporting: int
    """Number of viewers whose reports state whether video is playing."""
    playing: int
    behind_lens: Spread | None
    first_picture: Spread | None
    stalled: int
    """Number of viewers that stalled in the last 30 s."""
    players: dict[str, int]


@dataclass(slots=True)
class _Viewer:
    beacon: Beacon
    at: float
    stalled_at: float = float("-inf")


class Audience:
    """Keeps the latest report of each connected viewer.

    `on_beacon` is called with each accepted report and the previous report on the same connection
    (None for the first report).
    """

    def __init__(self, on_beacon: Callable[[Beacon, Beacon | None], None]) -> None:
        self._on_beacon = on_beacon
        self._viewers: dict[int, _Viewer] = {}

    def __len__(self) -> int:
        return len(self._viewers)

    def report(self, viewer: int, beacon: Beacon, now: float) -> None:
        """Takes a viewer's report. Ignores the report if it arrives too soon after the previous
        report.
        """
        before, after = self.take(viewer, beacon, now)
        if after is not None:
            self._on_beacon(after, before)

    def take(self, viewer: int, beacon: Beacon, now: float) -> tuple[Beacon | None, Beacon | None]:
        """Takes a report as `report` does, but does not call `on_beacon`. Returns the previous
        report and the new one; None for the new one if it arrives too soon.
        """
        known = self._viewers.get(viewer)
        if known is None:
            self._viewers[viewer] = _Viewer(beacon, now)
            return None, beacon
        if now - known.at < MIN_INTERVAL:
            return known.beacon, None
        before = known.beacon
        if beacon.stalls is not None and beacon.stalls > (before.stalls or 0):
            known.stalled_at = now
        # A page sends the delay of its first frame and its number of stalls only when these values
        # change. Keep the previous values otherwise.
        first, stalls = beacon.first_picture, beacon.stalls
        known.beacon = Beacon(
            beacon.player,
            beacon.playing,
            beacon.behind_lens,
            before.stalls if stalls is None else stalls,
            before.first_picture if first is None else first,
        )
        known.at = now
        return before, beacon

    def leave(self, viewer: int) -> None:
        self._viewers.pop(viewer, None)

    def players(self, now: float) -> Counter[str]:
        """Returns the number of viewers for each player, from valid reports."""
        return Counter(viewer.beacon.player for viewer in self._fresh(now))

    def health(self, watching: int, now: float) -> AudienceHealth:
        """Returns the health figures. `watching`: the number of viewers, with or without
        reports.
        """
        viewers = self._fresh(now)
        fresh = [viewer.beacon for viewer in viewers]
        reported = [beacon.playing for beacon in fresh if beacon.playing is not None]
        return AudienceHealth(
            watching=watching,
            reporting=len(reported),
            playing=sum(reported),
            # Count only viewers whose video plays. While a viewer's video does not play, the viewer
            # reports its waiting time in `behind_lens`.
            behind_lens=_spread(beacon.behind_lens for beacon in fresh if beacon.playing),
            first_picture=_spread(beacon.first_picture for beacon in fresh),
            stalled=sum(now - viewer.stalled_at <= STALL_SHOWN for viewer in viewers),
            players=dict(Counter(beacon.player for beacon in fresh)),
        )

    def _fresh(self, now: float) -> list[_Viewer]:
        return [viewer for viewer in self._viewers.values() if now - viewer.at <= FRESH]


def _spread(values: Iterable[float | None]) -> Spread | None:
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    return Spread(
        p50=round(ordered[(len(ordered) - 1) // 2]),
        p95=round(ordered[int(0.95 * (len(ordered) - 1) + 0.5)]),
    )
