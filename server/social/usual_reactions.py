"""How many people usually react to a live. Pure."""

from math import exp

WITHIN = 120.0
"""Time constant of the mean of the number of people who react, seconds."""
CROWD_WITHIN = 60.0
"""Time constant of the mean of the number of people who watch, seconds."""
FEW = 20
"""People by whom a crowd may grow without being a new one."""
SOON = 2.0
"""Time constant of the mean of a crowd that is all new, seconds."""


class UsualReactions:
    """The mean number of people who react, over about the last 2 minutes.

    If a crowd grows at once, what it does is usual within seconds: bought viewers who begin to
    react when they come are no highlight.
    """

    def __init__(self) -> None:
        self.number = 0.0
        self._watching: float | None = None
        """Mean number of people who watch, over about the last minute."""

    def learn(self, reacting: int, watching: int, passed: float) -> None:
        """Learns the present numbers, `passed` seconds after the last ones."""
        if self._watching is None:
            self._watching, self.number = watching, reacting
        self._watching += (1 - exp(-passed / CROWD_WITHIN)) * (watching - self._watching)
        new = max(0.0, 1 - (self._watching + FEW) / (watching + FEW))
        # The third power: a crowd that grows by a half within a minute changes little.
        share = 1 - exp(-passed * (1 / WITHIN + new**3 / SOON))
        self.number += share * (reacting - self.number)
