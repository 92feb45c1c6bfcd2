"""The counters of all publishers' sessions, summed since the process started."""

from relay.rtc.receive.counters import ReceiveCounters

SUMMED = (
    "packets",
    "payload_bytes",
    "delivery_ns",
    "plis",
    "nacks",
    "foreign",
    "rejected",
    "limited",
    "withheld",
    "unconsented",
)


class IngestCounters:
    """Sums the counters of open and closed sessions, so that no total decreases when a session
    closes.
    """

    def __init__(self) -> None:
        self.excessive = 0
        """Number of sessions that ended because the publisher sent more than the maximum bitrate.
        """
        self._closed = dict.fromkeys(SUMMED, 0)
        self._open: dict[int, ReceiveCounters] = {}

    def enter(self, counters: ReceiveCounters) -> None:
        """Includes the counters of an open session in the totals."""
        self._open[id(counters)] = counters

    def leave(self, counters: ReceiveCounters) -> None:
        """Adds the final counters of a closed session to the totals. A second call for the same
        session does nothing.
        """
        if self._open.pop(id(counters), None):
            for name in SUMMED:
                self._closed[name] += getattr(counters, name)

    @property
    def sending(self) -> int:
        """Number of open sessions that have sent media."""
        return sum(counters.last_media is not None for counters in self._open.values())

    def totals(self) -> dict[str, int]:
        """Returns the totals by their names in ReceiveCounters."""
        return {name: self.total(name) for name in self._closed}

    def total(self, name: str) -> int:
        """Returns one total by its name in ReceiveCounters."""
        counted: int = sum(getattr(counters, name) for counters in self._open.values())
        return self._closed[name] + counted
