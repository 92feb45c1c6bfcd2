"""Puts audio packets in order. Waits briefly for missing packets, but does not request them.
Pure.
"""

from relay.rtc.rtp import RtpPacket

MAX_BUFFERED = 64
MAX_JUMP = 3_000


class Reorder:
    """Puts the packets of one audio source in order.

    The next packet in order is returned at once. Packets behind a gap wait up to `patience` seconds
    for the missing packets. After this time, the waiting packets are returned without the missing
    packets.
    """

    __slots__ = ("_next", "duplicates", "lost", "patience", "waiting")

    def __init__(self, patience: float = 0.06) -> None:
        self.patience = patience
        self.duplicates = 0
        self.lost = 0
        self._next: int | None = None
        self.waiting: dict[int, tuple[RtpPacket, float]] = {}
        """The packets that wait behind a gap, with their arrival times, by sequence number."""

    def passes(self, sequence: int) -> bool:
        """Whether the packet with this 16-bit sequence number is the next in order and no packet
        waits. If so, the packet counts as received, and `receive` must not be called.
        """
        expected = self._next
        if expected is None or sequence != expected & 0xFFFF or self.waiting:
            return False
        self._next = expected + 1
        return True

    def receive(self, packet: RtpPacket, now: float) -> list[tuple[RtpPacket, float]]:
        """Takes a packet, in any order. Returns the packets that are now in order, with their
        arrival times.

        Does not give up old gaps: after a pause of the process, the missing packet may still wait
        in the socket.
        """
        sequence = packet.sequence
        if self._next is not None:
            ahead = (sequence - self._next + 0x8000 & 0xFFFF) - 0x8000
            sequence = self._next + ahead
            if abs(ahead) > MAX_JUMP:
                self.waiting.clear()
                self._next = None
        if self._next is None or sequence == self._next:
            self._next = sequence + 1
            return [(packet, now), *self._drain()]
        if sequence < self._next or sequence in self.waiting:
            self.duplicates += 1
            return []
        self.waiting[sequence] = (packet, now)
        if len(self.waiting) > MAX_BUFFERED:
            return self._skip()
        return []

    def expire(self, now: float) -> list[tuple[RtpPacket, float]]:
        """Gives up the gaps whose deadline has passed. Returns the packets that are now in
        order.
        """
        ready: list[tuple[RtpPacket, float]] = []
        while (
            self.waiting
            and now - min(arrived for _, arrived in self.waiting.values()) >= self.patience
        ):
            ready += self._skip()
        return ready

    def flush(self) -> list[tuple[RtpPacket, float]]:
        """Gives up all gaps, because the source has ended. Returns the waiting packets."""
        ready: list[tuple[RtpPacket, float]] = []
        while self.waiting:
            ready += self._skip()
        return ready

    def _skip(self) -> list[tuple[RtpPacket, float]]:
        assert self._next is not None
        first = min(self.waiting)
        self.lost += first - self._next
        self._next = first
        return self._drain()

    def _drain(self) -> list[tuple[RtpPacket, float]]:
        ready = []
        assert self._next is not None
        while entry := self.waiting.pop(self._next, None):
            ready.append(entry)
            self._next += 1
        return ready
