"""The drafts in the memory of this process, with bounds in number, bytes and time."""

from collections import Counter
from collections.abc import Iterator, Sequence

from relay.errors import RefusalCode
from server.clips.draft import Draft
from server.errors import TooManyRequests, Unavailable
from server.recent import Recent

LASTS = 600.0
"""Seconds after which an unfinished draft is discarded."""
MAX_DRAFTS = 200
MAX_BYTES = 256 << 20
"""Maximum memory of all drafts, bytes."""
PER_PERSON = 3
"""Maximum number of drafts of one person. A further draft replaces the oldest."""
YIELDS_AFTER = 60.0
"""Seconds after which a new draft may replace a draft if there are too many drafts. A crowded
network yields at once: see `_yielding`.
"""
RETRY = 10.0
MAX_PEOPLE = 10_000
"""Maximum number of people whose taps are remembered."""


class Drafts:
    """The drafts of this process."""

    def __init__(self, taps: int, seconds: float) -> None:
        """`taps`: number of drafts that one person may begin in `seconds` seconds."""
        self._drafts: dict[str, Draft] = {}
        self.limit = taps, seconds
        self._taps: Recent[str, tuple[float, ...]] = Recent(MAX_PEOPLE)
        """The times of the last taps of each person, monotonic seconds."""

    def __len__(self) -> int:
        return len(self._drafts)

    def __iter__(self) -> Iterator[Draft]:
        return iter(list(self._drafts.values()))

    @property
    def size(self) -> int:
        """Memory of all drafts, bytes."""
        return sum(draft.size for draft in self._drafts.values())

    def find(self, clip: str) -> Draft | None:
        return self._drafts.get(clip)

    def count_tap(self, person: str, now: float) -> None:
        """Counts a tap of a person. Raises TooManyRequests. Discarded drafts count too; otherwise,
        one person could keep the server busy.
        """
        most, seconds = self.limit
        recent = tuple(at for at in self._taps.get(person, ()) if now - at < seconds)
        if len(recent) >= most:
            raise TooManyRequests(
                RefusalCode.TOO_MANY_CLIPS,
                f"{most} clips in {seconds / 60:.0f} minutes are possible: wait a little",
                recent[-most] + seconds - now,
            )
        self._taps.keep(person, (*recent, now))

    def forget_tap(self, person: str) -> None:
        """Does not count the last tap of a person, from which no draft could be made."""
        times = self._taps.pop(person, ())
        if len(times) > 1:
            self._taps.keep(person, times[:-1])

    def add(self, draft: Draft, now: float) -> list[Draft]:
        """Adds a draft. Returns the drafts that the new draft replaces. Raises Unavailable."""
        own = [other for other in self._drafts.values() if other.person == draft.person]
        leaving = [other for other in own[: max(0, len(own) - PER_PERSON + 1)] if not other.busy]
        others = [other for other in self._drafts.values() if other not in leaving]
        while others and not self._fits(draft, others):
            other = _yielding(draft, others, now)
            if other is None:
                raise Unavailable(
                    RefusalCode.TOO_MANY_CLIPS,
                    "too many clips are being made at the moment: try again soon",
                    RETRY,
                )
            others.remove(other)
            leaving.append(other)
        for other in leaving:
            self.remove(other)
        self._drafts[draft.clip] = draft
        return leaving

    def _fits(self, draft: Draft, others: list[Draft]) -> bool:
        size = draft.size + sum(other.size for other in others)
        return len(others) < MAX_DRAFTS and size <= MAX_BYTES

    def remove(self, draft: Draft) -> None:
        self._drafts.pop(draft.clip, None)

    def expired(self, now: float) -> list[Draft]:
        """Returns the drafts whose time is over. `now`: monotonic seconds."""
        return [
            draft
            for draft in self._drafts.values()
            if now - draft.began >= LASTS and not draft.busy
        ]


def _yielding(new: Draft, others: Sequence[Draft], now: float) -> Draft | None:
    """Returns the draft that a new draft may replace, if there are too many drafts: the oldest
    draft after YIELDS_AFTER. A network with more than half of the drafts, or of their bytes, yields
    its oldest draft to other networks at once, so that one network cannot keep all others out.
    """
    oldest = others[0]
    if not oldest.busy and now - oldest.began >= YIELDS_AFTER:
        return oldest
    crowded = _crowded(others)
    if new.client.network in crowded:
        return None
    yielding = (other for other in others if other.client.network in crowded and not other.busy)
    return next(yielding, None)


def _crowded(drafts: Sequence[Draft]) -> set[str]:
    """Returns the networks with more than half of the drafts, or more than half of their bytes.
    Unknown networks do not count.
    """
    numbers: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for draft in drafts:
        numbers[draft.client.network] += 1
        sizes[draft.client.network] += draft.size
    return {
        network
        for held in (numbers, sizes)
        for network, part in held.items()
        if network and 2 * part > held.total()
    }
