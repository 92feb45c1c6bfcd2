"""The shield of a room: one tap protects a room from a raid, for a limited time. Pure."""

from dataclasses import dataclass, replace
from enum import Enum, auto

DURATION = 600.0
"""Time after which the shield is lowered by itself, seconds."""


class ShieldState(Enum):
    DOWN = auto()
    UP = auto()


class ShieldEvent(Enum):
    RAISE = auto()
    """A moderator raises the shield, or raises the shield again."""
    LOWER = auto()
    EXPIRE = auto()
    """DURATION has passed since a moderator raised the shield for the last time."""


TRANSITIONS: dict[tuple[ShieldState, ShieldEvent], ShieldState] = {
    (ShieldState.DOWN, ShieldEvent.RAISE): ShieldState.UP,
    (ShieldState.UP, ShieldEvent.RAISE): ShieldState.UP,
    (ShieldState.UP, ShieldEvent.LOWER): ShieldState.DOWN,
    (ShieldState.UP, ShieldEvent.EXPIRE): ShieldState.DOWN,
}
"""The next state for each pair of state and event. A pair that is not listed changes nothing."""


@dataclass(frozen=True, slots=True)
class Shield:
    state: ShieldState = ShieldState.DOWN
    until: float = 0.0
    """Time at which the shield is lowered by itself, Unix seconds; 0 while the shield is down."""

    def after(self, event: ShieldEvent, now: float) -> "Shield":
        """Returns the shield after an event. Returns the same shield if the event changes nothing.
        An EXPIRE before `until` changes nothing, because a moderator has raised the shield again.
        """
        state = TRANSITIONS.get((self.state, event))
        if state is None or (event is ShieldEvent.EXPIRE and now < self.until):
            return self
        if state is ShieldState.UP:
            return replace(self, state=state, until=now + DURATION)
        return Shield()

    @property
    def raised_at(self) -> float:
        """Time at which the shield was raised for the last time, Unix seconds."""
        return self.until - DURATION

    def is_up(self, now: float) -> bool:
        """Whether the shield protects the room at `now`. Returns False from `until` on, even before
        the EXPIRE event.
        """
        return self.state is ShieldState.UP and now < self.until
