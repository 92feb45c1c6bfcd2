"""Counts the people who begin to react to a live, per second of media time. Pure.

A tap or a message is a reaction. A person begins to react if the person has not reacted within the
previous APART seconds. Therefore, a person counts once for one event, and a person or a program
that taps all the time counts once altogether.
"""

from array import array
from collections.abc import Iterable

APART = 10
"""Seconds without a reaction, after which a person can begin to react again."""
LATE = 60
"""Maximum age of a reaction that counts, compared with the newest reaction, seconds of media time.
"""
MAX_PEOPLE = 50_000
"""Maximum number of people whose last reaction is known. Further people do not count."""
MAX_SECONDS = 6 * 3_600
"""Maximum number of seconds whose counts are kept. The oldest counts are dropped."""
_MOST = 65_535


class Crowd:
    """The people who react to one live. Every few seconds, call `take`, store the counts, and call
    `settle`. The counts of a second use 2 bytes.
    """

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        """Second of each person's last reaction. The person who reacted last is at the end."""
        self._first = 0
        """The second of the first count."""
        self._counts = array("H")
        self._changed: set[int] = set()
        self._taken: set[int] = set()

    def add(self, person: str, second: int) -> None:
        """Counts a reaction of a person. Reactions may arrive in any order of their seconds."""
        last = self._last.pop(person, None)
        if last is None and len(self._last) >= MAX_PEOPLE and not self._forget(second):
            return
        self._last[person] = second if last is None else max(last, second)
        if last is None or second > last + APART:
            self._count(second, 1)

    def restore(self, counts: Iterable[tuple[int, int]]) -> None:
        """Adds the counts that an earlier process stored: the second, and the number of people, in
        the order of the seconds.
        """
        own, changed = list(enumerate(self._counts, self._first)), set(self._changed)
        self._counts = array("H")
        for second, people in (*counts, *own):
            if people:
                self._count(second, people)
        self._changed = changed

    @property
    def waiting(self) -> bool:
        """Whether counts wait to be stored."""
        return bool(self._changed)

    def take(self) -> list[tuple[int, int]]:
        """Returns the second and the number of people for each second that changed since the last
        call. A number replaces the stored number of its second.
        """
        self._taken, self._changed = self._changed, set()
        return [(second, self._counts[second - self._first]) for second in sorted(self._taken)]

    def settle(self, *, stored: bool) -> None:
        """Records whether the counts of the last `take` are stored. If not, the next `take` returns
        these counts again.
        """
        if not stored:
            self._changed |= {second for second in self._taken if second >= self._first}
        self._taken = set()

    def counts(self, first: int, end: int) -> list[int]:
        """Returns the number of people for each second from `first` to the second before `end`."""
        begin = max(first, self._first)
        kept = self._counts[begin - self._first : max(0, end - self._first)]
        return dense(enumerate(kept, begin), first, end)

    def forget(self, person: str) -> None:
        """Removes the time of a deleted person's last reaction."""
        self._last.pop(person, None)

    def _forget(self, newest: int) -> bool:
        """Forgets the people who have not reacted for LATE seconds. Returns whether there were such
        people.
        """
        old = []
        for person, last in self._last.items():
            if last >= newest - LATE:
                break
            old.append(person)
        for person in old:
            del self._last[person]
        return bool(old)

    def _count(self, second: int, people: int) -> None:
        if not self._counts:
            self._first = second
        if second < self._first:
            if self._first - second > LATE:
                return
            self._counts[0:0] = array("H", bytes(2 * (self._first - second)))
            self._first = second
        missing = second + 1 - self._first - len(self._counts)
        if missing > MAX_SECONDS:
            self._counts, self._first, missing = array("H"), second, 1
        self._counts.extend(array("H", bytes(2 * max(0, missing))))
        index = second - self._first
        self._counts[index] = min(self._counts[index] + people, _MOST)
        self._changed.add(second)
        if (excess := len(self._counts) - MAX_SECONDS) > 0:
            del self._counts[:excess]
            self._first += excess
            self._changed = {kept for kept in self._changed if kept >= self._first}


def dense(counts: Iterable[tuple[int, int]], first: int, end: int) -> list[int]:
    """Returns the number of people for each second from `first` to the second before `end`.
    `counts`: the second and the number of people; other seconds have no people.
    """
    people = [0] * max(0, end - first)
    for second, number in counts:
        if first <= second < end:
            people[second - first] += number
    return people
