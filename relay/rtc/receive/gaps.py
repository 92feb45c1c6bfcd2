"""Tracks the missing packets of a source, and decides when to request each packet. Pure; `now` is
in seconds.
"""

from collections import deque
from itertools import takewhile

from relay.rtc.roundtrip import RoundTrip

MAX_NACKS = 128
"""Maximum number of packets in one request."""
MAX_PATIENCE = 0.02
"""Maximum waiting time before the first request for a missing packet, seconds. On a path that
reorders packets, a packet may be late without being lost.
"""


class Gap:
    """One missing packet."""

    __slots__ = ("missing", "requested_at", "requests", "sequence", "since")

    def __init__(self, sequence: int, since: float) -> None:
        self.sequence = sequence
        self.since = since
        self.missing = True
        self.requested_at: float | None = None
        self.requests = 0


class Gaps:
    """The missing packets by unwrapped sequence number, oldest first."""

    def __init__(self, round_trip: RoundTrip) -> None:
        self._round_trip = round_trip
        self.missing: dict[int, Gap] = {}
        """The gaps by sequence number. Always the same object, which is empty if no packet is
        missing.
        """
        self._new: deque[Gap] = deque()
        """The gaps that were never requested, the oldest first. Gaps that are no longer missing
        stay until they are first.
        """
        self._requested: deque[Gap] = deque()
        """The requested gaps, the earliest request first. Gaps that are no longer missing stay
        until they are first.
        """
        self._patience = 0.0
        """Waiting time before the first request for a packet, seconds. It adapts to the delay of
        packets that arrived out of order.
        """

    def add(self, first: int, behind: int, now: float) -> None:
        """Marks the packets from `first` up to, but not including, `behind` as missing."""
        for sequence in range(first, behind):
            gap = self.missing[sequence] = Gap(sequence, now)
            self._new.append(gap)

    def fill(self, sequence: int, now: float, *, resent: bool) -> bool:
        """Removes a packet that has arrived from the missing packets. `resent`: whether the packet
        is a retransmission. Returns whether the packet was marked as missing.
        """
        gap = self.missing.pop(sequence, None)
        if gap is None:
            return False
        gap.missing = False
        if not resent:
            self._patience = min(MAX_PATIENCE, max(self._patience, now - gap.since))
        elif gap.requests == 1 and gap.requested_at is not None:
            # Measure the round trip only after a single request. After several requests, it is
            # unknown which request was answered.
            self._round_trip.add(now - gap.requested_at)
            self._patience *= 0.9
        return True

    def nacks(self, now: float) -> list[int]:
        """Returns the 16-bit sequence numbers to request now (RFC 4585 §6.2.1), in order.

        A request is repeated after a round trip if the packet has not arrived.
        """
        wanted: list[Gap] = []
        retry, patience = self._round_trip.retry, self._patience
        # Two queues instead of a scan of all gaps: a publisher can cause thousands of gaps.
        queue = self._requested
        while queue and len(wanted) < MAX_NACKS:
            gap = queue[0]
            if gap.missing and gap.requested_at is not None and now - gap.requested_at < retry:
                break
            queue.popleft()
            if gap.missing:
                wanted.append(gap)
        queue = self._new
        while queue and len(wanted) < MAX_NACKS:
            gap = queue[0]
            if gap.missing and now - gap.since < patience:
                break
            queue.popleft()
            if gap.missing:
                wanted.append(gap)
        for gap in wanted:
            gap.requested_at = now
            gap.requests += 1
        self._requested.extend(wanted)
        return [sequence & 0xFFFF for sequence in sorted(gap.sequence for gap in wanted)]

    def overdue(self, now: float) -> bool:
        """Whether the oldest missing packet is past its deadline."""
        missing = self.missing
        return (
            bool(missing) and now - next(iter(missing.values())).since >= self._round_trip.deadline
        )

    def give_up(self, before: int) -> int:
        """Gives up all missing packets with numbers below `before`. Returns the number of these
        packets.
        """
        given_up = list(takewhile(lambda sequence: sequence < before, self.missing))
        for sequence in given_up:
            self.missing.pop(sequence).missing = False
        return len(given_up)

    def clear(self) -> None:
        self.missing.clear()
        self._new.clear()
        self._requested.clear()
