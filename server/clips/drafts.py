"""The drafts in the memory of this process, with bounds in number, bytes and time."""

from collections.abc import Iterator

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
"""Seconds after which a new draft may replace a draft if there are too many drafts."""
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
            if others[0].busy or now - others[0].began < YIELDS_AFTER:
                raise Unavailable(
                    RefusalCode.TOO_MANY_CLIPS,
                    "too many clips are being made at the moment: try again soon",
                    RETRY,
                )
            leaving.append(others.pop(0))
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
