"""Analyses what one viewer's page showed and played of a clapperboard (clapper.py). Pure.

Moments are passed as seconds of the monotonic clock and stored as seconds since `origin`.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from scripts.benchmarks import clapper, timecode

Apart = tuple[float, float]
"""When a beep was heard, and how many ms after its flash; negative if it was before the flash."""


class Watcher:
    """Feed it with `look()` and `listen()`; then read `ages`, `freeze` and `apart()`."""

    def __init__(self, origin: float = 0.0) -> None:
        self.origin = origin
        self.moments, self.ages = array("d"), array("d")
        """When each frame was on the screen, and its age in ms."""
        self.unread = 0
        self.freezes: list[Apart] = []
        """Freezes: when a frame stayed on the screen for more than 300 ms, and for how many ms."""
        self._flashes: list[float] = []
        self._beeps: list[float] = []
        self._last: int | None = None
        self._changed = 0.0

    def look(self, samples: Iterable[tuple[float, int]]) -> None:
        """Takes frames on the screen: the moment and the word of the time code."""
        for moment, word in samples:
            code = timecode.decode(word)
            if code is None or code >= clapper.LOOP * 1_000:
                self.unread += 1
                continue
            since = moment - self.origin
            self.moments.append(since)
            self.ages.append(clapper.age(code, moment))
            if code != self._last:
                self._change(since, code)

    def listen(self, beeps: Iterable[float]) -> None:
        self._beeps += (beep - self.origin for beep in beeps)

    def apart(self) -> list[Apart]:
        """For each flash, the beep nearest to it."""
        beeps = sorted(self._beeps)
        found = []
        for flash in self._flashes:
            near = beeps[max(0, (place := bisect_left(beeps, flash)) - 1) : place + 1]
            beep = min(near, key=lambda beep: abs(beep - flash), default=None)
            if beep is not None and abs(beep - flash) < clapper.EVERY / 2:
                found.append((beep, (beep - flash) * 1_000))
        return found

    def of(self, begin: float, end: float) -> Sequence[float]:
        """The ages between two moments."""
        return self.ages[bisect_left(self.moments, begin) : bisect_left(self.moments, end)]

    def _change(self, moment: float, code: int) -> None:
        if self._last is not None:
            if moment - self._changed > 0.3:
                self.freezes.append((moment, (moment - self._changed) * 1_000))
            since = code / 1_000 - clapper.flash(code) * clapper.EVERY
            # The first frame of a flash may have been missed. The next frames show how long ago it
            # was due.
            if clapper.flash(code) != clapper.flash(self._last) and since < clapper.LASTS:
                self._flashes.append(moment - since)
        self._last, self._changed = code, moment
