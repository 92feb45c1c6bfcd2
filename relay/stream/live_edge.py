"""The live edge: the newest media time of a stream, and how much media lies between it and a
viewer.
"""

HOLE = 1_000_000
"""µs that media time goes on by at once, from which nothing was there: a creator was away. Short
ones are lost frames or a slow camera.
"""


class Edge:
    """Media times of samples in; µs."""

    def __init__(self) -> None:
        self.media_time = 0
        """The newest published."""
        self._hole = (0, 0)

    def advance(self, media_time: int) -> None:
        if media_time > self.media_time + HOLE:
            self._hole = (self.media_time, media_time)
        self.media_time = max(self.media_time, media_time)

    def behind(self, media_time: int) -> int:
        """How much media there is from `media_time` to the edge. Time in which a creator was away
        is none: who reports right when one returns would seem to be as far behind as that took.
        """
        before, after = self._hole
        return self.media_time - media_time - (after - before if media_time <= before else 0)
