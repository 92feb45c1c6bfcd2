"""The totals of all publishers' sessions since the process started."""

from relay.rtc.receive.counters import ReceiveCounters

SUMMED = ("packets", "payload_bytes", "plis", "nacks", "rejected")


class IngestCounters:
    """Sums over open and closed sessions, so that a total never decreases."""

    def __init__(self) -> None:
        self._closed = dict.fromkeys(SUMMED, 0)
        self._open: dict[int, ReceiveCounters] = {}

    def enter(self, counters: ReceiveCounters) -> None:
        """Adds an open session's counters, which are read until `leave`."""
        self._open[id(counters)] = counters

    def leave(self, counters: ReceiveCounters) -> None:
        """Adds the counters of a closed session to the totals. Further calls do nothing."""
        if self._open.pop(id(counters), None):
            for name in SUMMED:
                self._closed[name] += getattr(counters, name)

    def totals(self) -> dict[str, int]:
        """The totals, by their names in ReceiveCounters."""
        return {
            name: closed + sum(getattr(counters, name) for counters in self._open.values())
            for name, closed in self._closed.items()
        }
