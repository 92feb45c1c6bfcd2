"""The sequence numbers of one viewer. Packets that are not sent to the viewer leave no
gaps. Pure.
"""

from collections import deque

PIECES = 64
"""Maximum number of ranges of packets that are remembered. A new range begins after omitted
packets.
"""


class Numbering:
    """Maps the packet indexes of a track, which all viewers share, to the sequence numbers of one
    viewer.
    """

    def __init__(self, start: int) -> None:
        self.next = start
        """The next sequence number. Only its low 16 bits are sent."""
        self._pieces: deque[tuple[int, int]] = deque(maxlen=PIECES)

    def take(self, first: int, count: int) -> int:
        """Assigns sequence numbers to `count` packets, beginning with the packet at index `first`.
        Returns the sequence number of the packet at `first`.
        """
        sequence = self.next
        offset = sequence - first
        if not self._pieces or self._pieces[-1][1] != offset:
            self._pieces.append((sequence, offset))
        self.next += count
        return sequence

    def index_of(self, sequence: int) -> int | None:
        """Returns the index of the packet that was sent with this 16-bit sequence number; None if
        no recent packet was sent with this number.
        """
        whole = self.next - 1 - (self.next - 1 - sequence & 0xFFFF)
        return next(
            (whole - offset for start, offset in reversed(self._pieces) if whole >= start), None
        )
