"""Counts the reactions to a live per second of media time: taps and distinct people. Pure.

The people who tapped in a second are kept in memory for PEOPLE_KEPT seconds of media time, the
counts for KEPT seconds and until they are stored. The numbers of kept people and of kept counts are
limited.
"""

from typing import NamedTuple

from server.social.taps import EMOJI, SECONDS_BACK, Taps

ANY = "any"
"""Stands for all emoji together."""
WINDOW = 5
"""Length of a window, seconds. The summary of a live compares windows."""
KEPT = SECONDS_BACK + WINDOW
"""Minimum time for which the counts are kept, seconds of media time."""
PEOPLE_BACK = 30
"""Maximum age of a tap that counts the person, seconds of media time. Older taps come from viewers
who jumped back. Older taps increase the number of taps, but not the number of people.
"""
PEOPLE_KEPT = PEOPLE_BACK + WINDOW
"""Seconds of media time for which the people are kept. The window of 5 s that contains a tap may
have begun earlier than the tap.
"""
MAX_PEOPLE = 200_000
"""Maximum number of people kept for all seconds together. A person counts once per second. Further
people are not counted, but their taps are.
"""
MAX_WAITING = 600
"""Maximum number of seconds whose counts wait to be stored. The oldest counts are dropped."""


class ReactionCount(NamedTuple):
    """The reactions in one second of media time."""

    second: int
    emoji: str
    """A name in EMOJI, or ANY."""
    taps: int
    people: int
    """Number of distinct people in this second."""
    first_people: int
    """Number of people who tap in this second for the first time in the window that contains the
    second. The sum over a window is the number of distinct people in the window.
    """


class _Second:
    __slots__ = ("first_people", "people", "seen", "taps")

    def __init__(self) -> None:
        size = len(EMOJI) + 1
        # The last number of each list counts all emoji together (ANY).
        self.taps = [0] * size
        self.people = [0] * size
        self.first_people = [0] * size
        self.seen: dict[str, int] = {}
        """The emoji that each person has tapped, by person, as a number with one bit for each
        emoji.
        """


class Reactions:
    """The reactions to one live. Every few seconds, call `take`, store the counts, and call
    `settle`.
    """

    def __init__(self) -> None:
        self._seconds: dict[int, _Second] = {}
        """The seconds for which people are kept, and the seconds whose counts are not stored yet.
        """
        self._changed: set[int] = set()
        self._taken: set[int] = set()
        self._newest = 0
        self._people = 0
        self.lost = 0
        """Number of seconds whose counts were dropped because they could not be stored."""

    def add(self, person: str | None, taps: Taps) -> None:
        """Counts the taps of one notice. A tap without a person increases the number of taps, but
        not the number of people.
        """
        for media_time, emoji, number in taps:
            second = media_time // 1_000_000
            counts = self._seconds.get(second)
            if counts is None:
                counts = self._begin(second)
            self._changed.add(second)
            counts.taps[emoji] += number
            counts.taps[-1] += number
            if person is None or second < self._newest - PEOPLE_BACK:
                continue
            known = counts.seen.get(person, 0)
            bit = 1 << emoji
            if known & bit:
                continue
            if not known:
                if self._people >= MAX_PEOPLE:
                    continue
                self._people += 1
            counts.seen[person] = known | bit
            self._count(second, counts, person, emoji, new=not known)

    def between(self, start: int, end: int) -> list[tuple[int, dict[str, int]]]:
        """Returns the taps that are in memory, from second `start` to the second before `end`,
        oldest first. Seconds and emoji without taps are left out.
        """
        return [
            (
                second,
                {
                    name: number
                    for name, number in zip(EMOJI, counts.taps[:-1], strict=True)
                    if number
                },
            )
            for second, counts in sorted(self._seconds.items())
            if start <= second < end
        ]

    @property
    def waiting(self) -> bool:
        """Whether counts wait to be stored."""
        return bool(self._changed)

    def take(self) -> list[ReactionCount]:
        """Returns the totals of the seconds that changed since the last call. A total replaces the
        stored total of its second and emoji.
        """
        self._taken, self._changed = self._changed, set()
        return [
            ReactionCount(
                second, name, counts.taps[index], counts.people[index], counts.first_people[index]
            )
            for second in sorted(self._taken)
            for counts in (self._seconds[second],)
            for index, name in enumerate((*EMOJI, ANY))
            if counts.taps[index]
        ]

    def settle(self, *, stored: bool) -> None:
        """Records whether the counts of the last `take` are stored. If not, the next `take` returns
        these counts again.
        """
        if not stored:
            self._changed |= self._taken & self._seconds.keys()
        self._taken = set()

    def _begin(self, second: int) -> _Second:
        counts = self._seconds[second] = _Second()
        if second > self._newest:
            self._newest = second
            self._drop_old()
        return counts

    def _drop_old(self) -> None:
        """Forgets the people of each second that is too old to count people. Forgets a second that
        is too old for new taps if its counts are stored.
        """
        waiting = self._changed | self._taken
        for second in [old for old in self._seconds if old < self._newest - PEOPLE_KEPT]:
            kept = self._seconds[second]
            self._people -= len(kept.seen)
            kept.seen = {}
            if second < self._newest - KEPT and second not in waiting:
                del self._seconds[second]
        for second in sorted(self._seconds)[: max(0, len(self._seconds) - MAX_WAITING)]:
            self._people -= len(self._seconds.pop(second).seen)
            self._changed.discard(second)
            self._taken.discard(second)
            self.lost += 1

    def _count(self, second: int, counts: _Second, person: str, emoji: int, *, new: bool) -> None:
        """Counts a person who has not tapped this emoji in this second."""
        earlier = 0
        begin = second - second % WINDOW
        for other in range(begin, begin + WINDOW):
            if other != second and (kept := self._seconds.get(other)):
                earlier |= kept.seen.get(person, 0)
        counts.people[emoji] += 1
        counts.first_people[emoji] += not earlier & 1 << emoji
        if new:
            counts.people[-1] += 1
            counts.first_people[-1] += not earlier
