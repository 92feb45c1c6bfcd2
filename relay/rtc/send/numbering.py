"""The sequence numbers of the packets that one viewer gets. Omitted packets cause no gaps in these
numbers. Pure.
"""

from bisect import bisect_right

PIECES = 64
"""Maximum number of packet ranges to remember. In a range, no packet was omitted, so sequence
number and packet index have a constant difference.
"""


class Numbering:
    """Maps the packet indexes of a track, which all viewers share, to the sequence numbers of one
    viewer.
    """

    def __init__(self, start: int) -> None:
        self.next = start
        """The next sequence number. Only its low 16 bits are sent."""
        self._starts: list[int] = []
        """First sequence number of each range, ascending."""
        self._offsets: list[int] = []
        """Difference between sequence number and packet index, for each range."""

    def take(self, first: int, count: int) -> int:
        """Assigns sequence numbers to `count` packets, beginning with the packet at index `first`.
        Returns the sequence number of the packet at `first`.
        """
        sequence = self.next
        offset = sequence - first
        if not self._offsets or self._offsets[-1] != offset:
            if len(self._offsets) >= PIECES:
                del self._starts[0], self._offsets[0]
            self._starts.append(sequence)
            self._offsets.append(offset)
        self.next += count
        return sequence

    def index_of(self, sequence: int) -> int | None:
        """Returns the index of the packet that was sent with this 16-bit sequence number; None if
        no recent packet was sent with this number.
        """
        whole = self.next - 1 - (self.next - 1 - sequence & 0xFFFF)
        piece = bisect_right(self._starts, whole) - 1
        return whole - self._offsets[piece] if piece >= 0 else None
