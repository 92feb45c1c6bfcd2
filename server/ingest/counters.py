"""What the sessions of all creators have counted since the process began."""

from relay.rtc.receive.session import ReceiveCounters

SUMMED = ("packets", "payload_bytes", "plis", "nacks", "rejected")


class IngestCounters:
    """Sums over the sessions that go on and those that have ended, so that a total never falls."""

    def __init__(self) -> None:
        self._past = dict.fromkeys(SUMMED, 0)
        self._present: dict[int, ReceiveCounters] = {}

    def enter(self, counters: ReceiveCounters) -> None:
        """A session's counters, which are read from now on until `leave`."""
        self._present[id(counters)] = counters

    def leave(self, counters: ReceiveCounters) -> None:
        """The session has ended; again: nothing."""
        if self._present.pop(id(counters), None):
            for name in SUMMED:
                self._past[name] += getattr(counters, name)

    def totals(self) -> dict[str, int]:
        """By name, as in ReceiveCounters."""
        return {
            name: past + sum(getattr(each, name) for each in self._present.values())
            for name, past in self._past.items()
        }
