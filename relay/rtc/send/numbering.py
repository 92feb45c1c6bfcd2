"""Sequence numbers of one viewer. Packets that were not sent leave no gaps. Pure."""

from collections import deque

PIECES = 64
"""Maximum number of ranges remembered. A new range begins after each omission."""


class Numbering:
    """Maps packet indexes of a track, which all viewers share, to one viewer's sequence numbers."""

    def __init__(self, start: int) -> None:
        self.next = start
        """The next sequence number; its low 16 bits are sent."""
        self._pieces: deque[tuple[int, int]] = deque(maxlen=PIECES)

    def take(self, first: int, count: int) -> int:
        """Assigns numbers to `count` packets from index `first` on. Returns the first number."""
        sequence = self.next
        offset = sequence - first
        if not self._pieces or self._pieces[-1][1] != offset:
            self._pieces.append((sequence, offset))
        self.next += count
        return sequence

    def index_of(self, sequence: int) -> int | None:
        """The index of the packet sent with a 16-bit number; None if none was sent recently."""
        whole = self.next - 1 - (self.next - 1 - sequence & 0xFFFF)
        return next(
            (whole - offset for start, offset in reversed(self._pieces) if whole >= start), None
        )
