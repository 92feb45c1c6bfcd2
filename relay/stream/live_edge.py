"""The live edge: the newest media time of a stream. This module also computes how far a viewer is
behind the live edge.
"""

HOLE = 1_000_000
"""Jump of the media time above which the creator is assumed to have been away, µs. Smaller jumps
come from lost frames or a slow camera.
"""


class Edge:
    """The live edge of one stream, computed from the media times of its samples (µs)."""

    __slots__ = ("_hole", "media_time")

    def __init__(self) -> None:
        self.media_time = 0
        """The newest media time published, µs."""
        self._hole = (0, 0)

    def advance(self, media_time: int) -> None:
        newest = self.media_time
        if media_time > newest:
            if media_time > newest + HOLE:
                self._hole = (newest, media_time)
            self.media_time = media_time

    def behind(self, media_time: int) -> int:
        """Returns the amount of media between `media_time` and the live edge, µs. The time of the
        creator's last absence is not counted. Otherwise a viewer that reports right after the
        creator's return would seem to be far behind.
        """
        before, after = self._hole
        return self.media_time - media_time - (after - before if media_time <= before else 0)
