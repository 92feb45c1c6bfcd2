"""How often people may write in one room. Pure; times in seconds.

Each person has a token bucket. The room has a bucket too, so that no crowd can flood the room.
While the room is crowded, each person gets a fair share: the people who have written most must
wait.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass

from server.social.author import Role

BURST = 5
"""Maximum number of messages that one person may write at once."""
EVERY = 1.5
"""Seconds in which the bucket of a person gains one token, for one message."""
SHARE_SECONDS = 10.0
"""Interval for which each person has a maximum number of messages in a crowded room, seconds."""
CROWDED = 0.5
"""Share of the room's full bucket. While the bucket has fewer tokens than this share, the room is
crowded for guests.
"""
RESERVED = 0.25
"""Share of the room's full bucket that is reserved for people who are known to the creator. While
the bucket has fewer tokens than this share, the room is crowded for these people too.
"""
MAX_PEOPLE = 10_000
"""Maximum number of people whose messages are counted. The person whose last message is the oldest
is forgotten first. By then, the bucket of that person is usually full.
"""


@dataclass(frozen=True, slots=True)
class Wait:
    """The reason why a person may not write now."""

    seconds: float
    """Time after which the person may write, unless other people write first."""
    crowded: bool
    """Whether the room gets too many messages. Otherwise, this person has sent too many messages.
    """


class _Writer:
    """The messages of one person."""

    __slots__ = ("tokens", "updated_at", "written")

    def __init__(self, now: float) -> None:
        self.tokens = float(BURST)
        self.updated_at = now
        self.written: deque[float] = deque(maxlen=BURST + int(SHARE_SECONDS / EVERY) + 1)
        """Times of the person's messages in the last SHARE_SECONDS seconds."""

    def update(self, now: float) -> None:
        elapsed = max(0.0, now - self.updated_at)
        self.tokens = min(float(BURST), self.tokens + elapsed / EVERY)
        self.updated_at = now
        while self.written and now - self.written[0] >= SHARE_SECONDS:
            self.written.popleft()


class ChatRate:
    """The limits of one room. Call `wait` first. If the message is accepted, call `take`."""

    def __init__(self, per_second: float, now: float) -> None:
        """`per_second`: the number of messages that the room takes each second."""
        self._rate = per_second
        self._size = max(1.0, per_second)
        self._tokens = self._size
        self._updated_at = now
        self._writers: OrderedDict[str, _Writer] = OrderedDict()
        """The people who wrote. The person who wrote longest ago is first."""

    def wait(self, person: str, role: Role, now: float) -> Wait | None:
        """Returns the reason why the person may not write now; None if the person may write. The
        creator and moderators may always write.
        """
        if role.moderates:
            return None
        self._update(now)
        writer = self._writers.get(person)
        if writer:
            writer.update(now)
            if writer.tokens < 1:
                return Wait((1 - writer.tokens) * EVERY, crowded=False)
        guest = role is Role.GUEST
        kept = self._size * RESERVED if guest and self._size >= 4 else 0.0
        if self._tokens < kept + 1:
            return Wait(max(1.0, (kept + 1 - self._tokens) / self._rate), crowded=True)
        crowded = self._tokens < self._size * (CROWDED if guest else RESERVED)
        if writer and crowded and len(writer.written) >= self._share():
            return Wait(SHARE_SECONDS - (now - writer.written[0]), crowded=True)
        return None

    def take(self, person: str, role: Role, now: float) -> None:
        """Counts a message."""
        if role.moderates:
            return
        self._update(now)
        self._tokens -= 1
        writer = self._writers.pop(person, None) or _Writer(now)
        writer.update(now)
        writer.tokens -= 1
        writer.written.append(now)
        self._writers[person] = writer
        if len(self._writers) > MAX_PEOPLE:
            self._writers.popitem(last=False)

    def _update(self, now: float) -> None:
        """Adds the tokens of the elapsed time, and forgets people whose last message is old."""
        elapsed = max(0.0, now - self._updated_at)
        self._tokens = min(self._size, self._tokens + elapsed * self._rate)
        self._updated_at = now
        while self._writers:
            first = next(iter(self._writers.values()))
            if now - first.written[-1] < SHARE_SECONDS:
                return
            self._writers.popitem(last=False)

    def _share(self) -> int:
        """Returns the number of messages that one person may write in SHARE_SECONDS seconds while
        the room is crowded: an equal part for each person who writes at present.
        """
        return max(1, int(self._rate * SHARE_SECONDS / len(self._writers)))
