"""The countdown of a live to the end that its creator chose. Pure; times in Unix seconds.

The time runs from the moment at which the room first goes live, even while the creator is away.
"""

from enum import Enum, StrEnum, auto

MINUTE = 60.0
LAST = 10.0
"""Duration of the last part of the countdown, in which viewers see the remaining time, seconds."""
FADE = 2.0
"""Seconds from the end of the countdown to the end of the room. Viewers with a delay see the last
seconds of the live in this time.
"""


class CountdownState(StrEnum):
    OPEN = "open"
    """The live has no length."""
    WAITING = "waiting"
    """The room has not gone live yet."""
    RUNNING = "running"
    LAST = "last"
    """The last 10 seconds of the live have begun."""
    FADING = "fading"
    """The time is over, and viewers with a delay see the last seconds."""
    OVER = "over"
    """The room must end."""


class CountdownEvent(Enum):
    WENT_LIVE = auto()
    LAST_BEGAN = auto()
    """10 seconds remain."""
    MINUTE_ADDED = auto()
    TIME_UP = auto()
    FADED = auto()
    """Viewers with a delay have had time to see the end."""


S, E = CountdownState, CountdownEvent
TRANSITIONS: dict[tuple[CountdownState, CountdownEvent], CountdownState] = {
    (S.WAITING, E.WENT_LIVE): S.RUNNING,
    (S.WAITING, E.MINUTE_ADDED): S.WAITING,
    (S.RUNNING, E.LAST_BEGAN): S.LAST,
    (S.RUNNING, E.MINUTE_ADDED): S.RUNNING,
    (S.LAST, E.MINUTE_ADDED): S.RUNNING,
    (S.LAST, E.TIME_UP): S.FADING,
    (S.FADING, E.MINUTE_ADDED): S.RUNNING,
    (S.FADING, E.FADED): S.OVER,
}
"""The next state for each pair of state and event. A pair that is not listed changes nothing."""


def length_of(chosen: float | None, most: float | None) -> float | None:
    """Returns the length of a live, seconds; None if the live has no length.

    `chosen`: the length that the creator chose. `most`: the maximum length of the server. `chosen`
    and `most` are None if there is no limit.
    """
    limits = [length for length in (chosen, most) if length is not None]
    return min(limits) if limits else None


class Countdown:
    """The remaining time of one live. Call `advance` at the times that `next_at` returns."""

    def __init__(
        self,
        length: float | None,
        most: float | None = None,
        live_at: float | None = None,
    ) -> None:
        """`length`: seconds; None for a live without an end. `most`: maximum length, seconds.
        `live_at`: time at which the room first went live, if it was live in a former process.
        """
        self._length = length
        self._most = most
        self._live_at = live_at
        self.ends_at: float | None = None
        """Time at which the countdown ends, Unix seconds; None if the countdown does not run."""
        self.state = S.OPEN if length is None else S.WAITING
        if live_at is not None and length is not None:
            self.go_live(live_at)

    @property
    def length(self) -> float | None:
        """The chosen length with all added minutes, seconds."""
        return self._length

    def go_live(self, now: float) -> bool:
        """Starts the countdown when the room first goes live. Returns whether it started."""
        if not self._happen(E.WENT_LIVE) or self._length is None:
            return False
        self._live_at = now
        self.ends_at = now + self._length
        return True

    def can_add_minute(self) -> bool:
        """Whether the live stays within the maximum length with one more minute."""
        return self._length is not None and (
            self._most is None or self._length + MINUTE <= self._most
        )

    def add_minute(self) -> bool:
        """Adds a minute. Returns whether the end changed. The end stays the same if the live has
        no length, has the maximum length or is over.
        """
        if not self.can_add_minute() or not self._happen(E.MINUTE_ADDED):
            return False
        assert self._length is not None
        self._length += MINUTE
        if self.ends_at is not None:
            self.ends_at += MINUTE
        return True

    def next_at(self) -> float | None:
        """Returns the time of the next change; None if no change is due at a known time."""
        if self.ends_at is None:
            return None
        before = {S.RUNNING: LAST, S.LAST: 0.0, S.FADING: -FADE}.get(self.state)
        return None if before is None else self.ends_at - before

    def advance(self, now: float) -> bool:
        """Applies the changes that are due. Returns whether the state changed."""
        before = self.state
        while (due := self.next_at()) is not None and now >= due:
            events = {S.RUNNING: E.LAST_BEGAN, S.LAST: E.TIME_UP, S.FADING: E.FADED}
            self._happen(events[self.state])
        return self.state is not before

    def _happen(self, event: CountdownEvent) -> bool:
        after = TRANSITIONS.get((self.state, event))
        if after is None:
            return False
        self.state = after
        return True
