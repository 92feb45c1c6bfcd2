"""Analyses what one viewer's page showed and played while a clapperboard was live (clapper.py).
Pure.

Callers pass moments in seconds of the monotonic clock. Results contain moments in seconds since
`origin`.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from scripts.benchmarks import clapper, timecode

Apart = tuple[float, float]
"""Moment at which a beep was heard, and the delay of the beep after its flash, ms. The delay is
negative if the beep came first.
"""


class Watcher:
    """Collects the frames and beeps of one page. Feed it with `look()` and `listen()`, then read
    `ages`, `freezes` and `apart()`.
    """

    def __init__(self, origin: float = 0.0) -> None:
        self.origin = origin
        self.moments, self.ages = array("d"), array("d")
        """The moment of each screen sample (`moments`), and the age of the frame in that sample, ms
        (`ages`).
        """
        self.unread = 0
        self.freezes: list[Apart] = []
        """The moment at which each freeze ended, and the duration of the freeze, ms. A freeze is a
        frame that stays on the screen for more than 300 ms.
        """
        self._flashes: list[float] = []
        self._beeps: list[float] = []
        self._last: int | None = None
        self._changed = 0.0

    def look(self, samples: Iterable[tuple[float, int]]) -> None:
        """Takes samples of the screen. Each sample is a pair: the moment, and the time code that
        was on the screen (a word of 32 bits).
        """
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
        """Returns, for each flash, the moment of the nearest beep and the delay of this beep after
        the flash, ms.
        """
        beeps = sorted(self._beeps)
        found = []
        for flash in self._flashes:
            near = beeps[max(0, (place := bisect_left(beeps, flash)) - 1) : place + 1]
            beep = min(near, key=lambda beep: abs(beep - flash), default=None)
            if beep is not None and abs(beep - flash) < clapper.EVERY / 2:
                found.append((beep, (beep - flash) * 1_000))
        return found

    def of(self, begin: float, end: float) -> Sequence[float]:
        """Returns the ages of the frames that were on the screen between two moments."""
        return self.ages[bisect_left(self.moments, begin) : bisect_left(self.moments, end)]

    def _change(self, moment: float, code: int) -> None:
        if self._last is not None:
            if moment - self._changed > 0.3:
                self.freezes.append((moment, (moment - self._changed) * 1_000))
            since = code / 1_000 - clapper.flash(code) * clapper.EVERY
            # The first frame of the flash may have been missed. So compute the start of the flash
            # from the time code.
            if clapper.flash(code) != clapper.flash(self._last) and since < clapper.LASTS:
                self._flashes.append(moment - since)
        self._last, self._changed = code, moment
