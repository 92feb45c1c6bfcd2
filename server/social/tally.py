"""Adds up the taps of all viewers between two events of a room. Pure.

The cost of a tap is one addition, and the cost of an event does not depend on the number of
viewers or taps.
"""

from server.social.taps import EMOJI, Taps

TALLY_EVERY = 0.1
"""Minimum seconds between two tally events of a room."""


class Tally:
    """The taps since the last tally event."""

    def __init__(self) -> None:
        self._counts = [0] * len(EMOJI)
        self.media_time = 0
        """The newest media time of these taps, µs."""

    def add(self, taps: Taps) -> None:
        for media_time, emoji, number in taps:
            self._counts[emoji] += number
            self.media_time = max(self.media_time, media_time)

    @property
    def empty(self) -> bool:
        return not any(self._counts)

    def take(self) -> dict[str, int]:
        """Returns the number of taps for each emoji that viewers have tapped, and sets all numbers
        to 0.
        """
        taken = {name: number for name, number in zip(EMOJI, self._counts, strict=True) if number}
        self._counts = [0] * len(EMOJI)
        self.media_time = 0
        return taken
