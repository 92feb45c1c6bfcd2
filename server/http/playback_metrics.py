"""Playback figures for Prometheus, by player."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from server.rooms.beacon import OTHER, PLAYERS, Beacon

FIRST_PICTURE = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
BEHIND_LENS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Bounds of the histogram buckets for the delay from the camera to the screen, seconds. The buckets
are narrow in the usual range of the delay.
"""
MOST_STALLS = 10
"""Maximum number of stalls that one report adds to the counter: a player cannot stall more often
between two reports.
"""


class Playing:
    """Playback figures by player, from the reports that viewers send once a second."""

    def __init__(self, registry: CollectorRegistry) -> None:
        first_picture = Histogram(
            "microlive_first_picture_seconds",
            "From opening the page to its first frame",
            ["player"],
            buckets=FIRST_PICTURE,
            registry=registry,
        )
        behind_lens = Histogram(
            "microlive_behind_lens_seconds",
            "From the camera to the screen, once a second for each viewer whose video moves",
            ["player"],
            buckets=BEHIND_LENS,
            registry=registry,
        )
        stalls = Counter(
            "microlive_stalls",
            "Times that a viewer's player ran dry",
            ["player"],
            registry=registry,
        )
        players = sorted({*PLAYERS, OTHER})
        self._first_picture = {player: first_picture.labels(player) for player in players}
        self._behind_lens = {player: behind_lens.labels(player) for player in players}
        self._stalls = {player: stalls.labels(player) for player in players}

    def receive(self, beacon: Beacon, before: Beacon | None) -> None:
        """Takes a viewer's report and the previous report on the same connection, if any.

        Every report contains the delay of the page's first frame and the page's number of stalls.
        The delay counts only once for each connection. The stalls in the first report on a
        connection do not count, because a page that reconnects has reported these stalls before.
        """
        if beacon.first_picture is not None and (before is None or before.first_picture is None):
            self._first_picture[beacon.player].observe(beacon.first_picture / 1_000)
        if beacon.playing and beacon.behind_lens is not None:
            self._behind_lens[beacon.player].observe(beacon.behind_lens / 1_000)
        if (
            before is not None
            and beacon.stalls is not None
            and beacon.stalls > (before.stalls or 0)
        ):
            self._stalls[beacon.player].inc(min(MOST_STALLS, beacon.stalls - (before.stalls or 0)))
