"""The missing packets of a source, and the times to request them again. Pure; `now` in seconds."""

from relay.rtc.roundtrip import RoundTrip

MAX_NACKS = 128
"""Maximum number of packets in one request."""
MAX_PATIENCE = 0.02
"""Maximum time before the first request for a missing packet, seconds. It applies to a path that
reorders packets.
"""


class _Gap:
    __slots__ = ("requested_at", "requests", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.requested_at: float | None = None
        self.requests = 0


class Gaps:
    """The missing packets by unwrapped sequence number, oldest first."""

    def __init__(self, round_trip: RoundTrip) -> None:
        self._round_trip = round_trip
        self._gaps: dict[int, _Gap] = {}
        self._patience = 0.0
        """Time before the first request, seconds: how late reordered packets have arrived
        recently.
        """

    def __bool__(self) -> bool:
        return bool(self._gaps)

    def __len__(self) -> int:
        return len(self._gaps)

    def add(self, first: int, behind: int, now: float) -> None:
        """Marks the packets from `first` up to, but not including, `behind` as missing."""
        for missing in range(first, behind):
            self._gaps[missing] = _Gap(now)

    def fill(self, sequence: int, now: float, *, resent: bool) -> bool:
        """Takes note that a packet arrived, late or as a retransmission. Returns whether it was
        missing.
        """
        gap = self._gaps.pop(sequence, None)
        if gap is None:
            return False
        if not resent:
            self._patience = min(MAX_PATIENCE, max(self._patience, now - gap.since))
        elif gap.requests == 1 and gap.requested_at is not None:
            # After several requests, it is unknown which of them was answered.
            self._round_trip.add(now - gap.requested_at)
            self._patience *= 0.9
        return True

    def nacks(self, now: float) -> list[int]:
        """Returns the 16-bit sequence numbers to request now (RFC 4585 §6.2.1), in order.

        A request that brings no packet is repeated after a round trip.
        """
        wanted = []
        retry = self._round_trip.retry
        for sequence, gap in self._gaps.items():
            asked = gap.requested_at
            if now - gap.since >= self._patience if asked is None else now - asked >= retry:
                gap.requested_at = now
                gap.requests += 1
                wanted.append(sequence & 0xFFFF)
                if len(wanted) == MAX_NACKS:
                    break
        return wanted

    def overdue(self, now: float) -> bool:
        """Whether the oldest gap is past its deadline."""
        return (
            bool(self._gaps)
            and now - next(iter(self._gaps.values())).since >= self._round_trip.deadline
        )

    def give_up(self, before: int) -> int:
        """Gives up all missing packets with numbers below `before`. Returns how many there were."""
        given_up = [sequence for sequence in self._gaps if sequence < before]
        for sequence in given_up:
            del self._gaps[sequence]
        return len(given_up)

    def clear(self) -> None:
        self._gaps.clear()
