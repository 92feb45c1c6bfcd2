"""Tracks the missing packets of a source, and decides when to request each packet. Pure; `now` is
in seconds.
"""

from collections import deque
from itertools import takewhile
from math import inf
from typing import Final

from relay.rtc.roundtrip import ATTEMPTS, MAX_DEADLINE, RoundTrip

MAX_NACKS: Final = 128
"""Maximum number of packets in one request."""
MAX_PATIENCE: Final = 0.04
"""Maximum waiting time before the first request for a missing packet, seconds. On a path that
reorders packets, a packet may be late without being lost.
"""
MARGIN: Final = 4 / 3
"""Ratio of the waiting time to the delay of a late packet. Each answered request reduces the
waiting time (DECAY). Without a margin, the first such reduction would make the waiting time too
short for the next packet with the same delay.
"""
DECAY: Final = 0.93
"""Factor by which an answered request reduces the waiting time."""
MAX_ANSWERED: Final = 64
"""Maximum number of gaps remembered in `_answered`."""
MAX_SUSPECTED: Final = 16
"""Maximum number of packets that are requested before a later packet of the source has shown that
they are missing.
"""


class Gap:
    """One missing packet."""

    __slots__ = ("filled_at", "missing", "requested_at", "requests", "sequence", "since")

    def __init__(self, sequence: int, since: float) -> None:
        self.sequence = sequence
        self.since = since
        self.missing = True
        self.requested_at = 0.0
        """Time of the last request, in seconds. Valid if `requests` is not 0."""
        self.filled_at = 0.0
        """Arrival time, in seconds. Valid if the packet is no longer missing."""
        self.requests = 0


class Gaps:
    """The missing packets by unwrapped sequence number, oldest first."""

    def __init__(self, round_trip: RoundTrip) -> None:
        self._round_trip = round_trip
        self.missing: dict[int, Gap] = {}
        """The gaps by sequence number; empty if no packet is missing. This attribute always refers
        to the same dictionary.
        """
        self._new: deque[Gap] = deque()
        """The gaps whose packets were never requested, oldest first. A gap whose packet arrived or
        was given up stays in the queue until all gaps before it have left.
        """
        self._requested: deque[Gap] = deque()
        """The gaps whose packets must be requested again, in the order of the last request. A gap
        whose packet arrived or was given up stays in the queue until all gaps before it have left.
        """
        self._answered: dict[int, Gap] = {}
        """The latest gaps whose packet arrived after exactly one request, by sequence number."""
        self._suspected: dict[int, float] = {}
        """Packets that were requested before a gap showed that they are missing: time of the
        request by sequence number. Packets that were never sent can be among them.
        """
        self._marked = False
        """Whether the sender marks retransmissions (RFC 4588). Otherwise a retransmission looks
        like a late packet.
        """
        self._patience = 0.0
        """Waiting time before the first request for a packet, seconds. This time adapts to the
        delay of packets that arrived out of order.
        """

    def add(self, first: int, behind: int, now: float) -> None:
        """Marks the packets from `first` up to, but not including, `behind` as missing."""
        for sequence in range(first, behind):
            gap = self.missing[sequence] = Gap(sequence, now)
            requested_at = self._suspected.pop(sequence, None)
            if requested_at is None:
                self._new.append(gap)
            else:
                gap.requested_at, gap.requests = requested_at, 1
                self._requested.append(gap)

    def suspect(self, first: int, count: int, now: float) -> list[int]:
        """Returns the 16-bit sequence numbers of the packets to request now, among the `count`
        packets from `first` on. Call this method when the transport has lost `count` packets that
        probably belong to this source.

        Returns an empty list on a path that reorders packets.
        """
        if self._patience or count > MAX_SUSPECTED:
            return []
        kept = {number: at for number, at in self._suspected.items() if number >= first}
        wanted = [number for number in range(first, first + count) if number not in kept]
        self._suspected = kept | dict.fromkeys(wanted, now)
        return [number & 0xFFFF for number in wanted]

    def lacks(self, sequence: int) -> bool:
        """Whether a packet is missing, or was requested as suspected."""
        return sequence in self.missing or sequence in self._suspected

    def confirm(self, sequence: int, now: float) -> bool:
        """Records the retransmission of a packet that was the next in order. Returns whether the
        packet was requested as suspected.
        """
        requested_at = self._suspected.pop(sequence, None)
        if requested_at is None:
            return False
        self._round_trip.add(now - requested_at)
        return True

    def fill(self, sequence: int, now: float, *, resent: bool) -> bool:
        """Records the arrival of a packet, and removes the packet's gap if there is one. `resent`:
        whether the packet is marked as a retransmission. Returns whether the packet was marked as
        missing.
        """
        gap = self.missing.pop(sequence, None)
        if gap is None:
            return False
        gap.missing = False
        gap.filled_at = now
        self._marked = self._marked or resent
        if not resent and (self._marked or not gap.requests):
            self._expect_late(now - gap.since)
        elif gap.requests == 1:
            # Learn from a single request only. After several requests, it is unknown which request
            # was answered.
            self._remember(gap)
            if resent or not self._is_early(gap):
                self._round_trip.add(now - gap.requested_at)
                self._patience *= DECAY
        return True

    def receive_copy(self, sequence: int, now: float, *, resent: bool) -> None:
        """Takes a packet that had arrived before. If the packet was requested, the second copy
        shows that the original was late and not lost.
        """
        gap = None if resent else self._answered.pop(sequence, None)
        if gap is not None:
            first = not self._marked and self._is_early(gap)
            self._expect_late((gap.filled_at if first else now) - gap.since)

    def nacks(self, now: float) -> list[int]:
        """Returns the 16-bit sequence numbers to request now (RFC 4585 §6.2.1), in order.

        If a requested packet has not arrived after a round trip, it is requested again. A packet is
        requested at most ATTEMPTS times.
        """
        wanted: list[Gap] = []
        # Use two queues. A scan of all gaps could take long, because a publisher can cause
        # thousands of gaps.
        retry, patience = self._retry, self._patience
        queue = self._requested
        while len(wanted) < MAX_NACKS and (gap := _first(queue)):
            if now - gap.requested_at < retry:
                break
            wanted.append(queue.popleft())
        queue = self._new
        while len(wanted) < MAX_NACKS and (gap := _first(queue)):
            if now - gap.since < patience:
                break
            wanted.append(queue.popleft())
        for gap in wanted:
            gap.requested_at = now
            gap.requests += 1
        self._requested.extend(gap for gap in wanted if gap.requests < ATTEMPTS)
        return [sequence & 0xFFFF for sequence in sorted(gap.sequence for gap in wanted)]

    def due_at(self) -> float:
        """Returns the earliest time at which `nacks` will return a sequence number, in seconds;
        infinite if no missing packet may still be requested.
        """
        new, again = _first(self._new), _first(self._requested)
        return min(
            new.since + self._patience if new else inf,
            again.requested_at + self._retry if again else inf,
        )

    def overdue(self, now: float) -> bool:
        """Whether the oldest missing packet is past its deadline."""
        missing = self.missing
        return bool(missing) and now - next(iter(missing.values())).since >= self._deadline

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
        self._answered.clear()
        self._suspected.clear()

    @property
    def _retry(self) -> float:
        """Time after which an unanswered request is repeated, seconds. This time includes
        `_patience`, because the answer may be as late as other packets.
        """
        round_trip = self._round_trip
        return max(round_trip.retry, (round_trip.smoothed or 0.0) + self._patience)

    @property
    def _deadline(self) -> float:
        """Time after which a gap is given up, seconds. This time is long enough for ATTEMPTS
        requests, up to a limit of MAX_DEADLINE.
        """
        return max(self._round_trip.deadline, min(MAX_DEADLINE, ATTEMPTS * self._retry))

    def _is_early(self, gap: Gap) -> bool:
        """Whether the packet arrived so soon after its request that it cannot be the answer to this
        request. Such a packet is probably the original.
        """
        least = self._round_trip.least
        return least is None or gap.filled_at - gap.requested_at < least

    def _expect_late(self, delay: float) -> None:
        self._patience = min(MAX_PATIENCE, max(self._patience, MARGIN * delay))

    def _remember(self, gap: Gap) -> None:
        if len(self._answered) >= MAX_ANSWERED:
            del self._answered[next(iter(self._answered))]
        self._answered[gap.sequence] = gap


def _first(queue: deque[Gap]) -> Gap | None:
    """Returns the first gap whose packet is still missing, and removes all gaps before this gap
    from the queue.
    """
    while queue:
        if queue[0].missing:
            return queue[0]
        queue.popleft()
    return None
