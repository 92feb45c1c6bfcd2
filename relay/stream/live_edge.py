"""The live edge: the newest media time of a stream, and how much media lies between it and a
viewer.
"""

HOLE = 1_000_000
"""If media time jumps by more than this many µs, the creator was away. Shorter jumps are lost
frames or a slow camera.
"""


class Edge:
    """Takes the media times of samples, µs."""

    def __init__(self) -> None:
        self.media_time = 0
        """The newest media time published, µs."""
        self._hole = (0, 0)

    def advance(self, media_time: int) -> None:
        if media_time > self.media_time + HOLE:
            self._hole = (self.media_time, media_time)
        self.media_time = max(self.media_time, media_time)

    def behind(self, media_time: int) -> int:
        """µs of media from `media_time` to the edge. The creator's last absence does not count:
        otherwise a viewer that reports right after the return would seem that far behind.
        """
        before, after = self._hole
        return self.media_time - media_time - (after - before if media_time <= before else 0)
