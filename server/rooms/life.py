"""The states of a room. Pure."""

from enum import Enum, StrEnum, auto


class State(StrEnum):
    IDLE = "idle"
    """The room was never live."""
    LIVE = "live"
    AWAY = "away"
    """The room was live and now has no media; its publisher may return."""
    ENDED = "ended"


class RoomEvent(Enum):
    MEDIA_CAME = auto()
    MEDIA_STOPPED = auto()
    """No displayable media has arrived for 5 s, or the publishing session has closed."""
    FINISHED = auto()
    """The creator ended the room, or the publisher did not connect in time."""


TRANSITIONS: dict[tuple[State, RoomEvent], State] = {
    (State.IDLE, RoomEvent.MEDIA_CAME): State.LIVE,
    (State.IDLE, RoomEvent.FINISHED): State.ENDED,
    (State.LIVE, RoomEvent.MEDIA_STOPPED): State.AWAY,
    (State.LIVE, RoomEvent.FINISHED): State.ENDED,
    (State.AWAY, RoomEvent.MEDIA_CAME): State.LIVE,
    (State.AWAY, RoomEvent.FINISHED): State.ENDED,
}
"""The next state for each pair of state and event. A pair that is not listed changes nothing."""
