"""One viewer's own sequence numbers: without a hole, whatever it was not sent. Pure."""

from collections import deque

PIECES = 64
"""Stretches remembered; a new one begins where something was left out."""


class Numbering:
    """Maps the packets of a track, numbered for all viewers, to one viewer's sequence numbers and
    back.
    """

    def __init__(self, start: int) -> None:
        self.next = start
        """The next sequence number; its low 16 bits are what is sent."""
        self._pieces: deque[tuple[int, int]] = deque(maxlen=PIECES)

    def take(self, first: int, count: int) -> int:
        """The first sequence number of `count` packets that begin with the track's packet
        `first`.
        """
        sequence = self.next
        offset = sequence - first
        if not self._pieces or self._pieces[-1][1] != offset:
            self._pieces.append((sequence, offset))
        self.next += count
        return sequence

    def index_of(self, sequence: int) -> int | None:
        """Which packet of the track was sent under a 16-bit number; None where none was, lately."""
        whole = self.next - 1 - (self.next - 1 - sequence & 0xFFFF)
        return next(
            (whole - offset for start, offset in reversed(self._pieces) if whole >= start), None
        )
