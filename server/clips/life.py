"""The states of a clip. Pure."""

from enum import Enum, StrEnum, auto


class State(StrEnum):
    DRAFT = "draft"
    """The person who made the clip can still move its ends. The draft is in the memory of one
    server.
    """
    MAKING = "making"
    """The final files are being made and stored."""
    WAITING = "waiting"
    """The clip waits for the approval of the creator."""
    PUBLISHED = "published"
    DELETED = "deleted"
    """The clip was deleted. For some seconds, the deletion can be undone."""


class ClipEvent(Enum):
    FINISH = auto()
    """The person has chosen the ends and the title."""
    FAIL = auto()
    """The final files could not be made or stored."""
    HOLD_BACK = auto()
    """The final files are stored, and the creator wants to approve clips first."""
    PUBLISH = auto()
    """The final files are stored, or the creator has approved the clip."""
    DELETE = auto()


TRANSITIONS: dict[tuple[State, ClipEvent], State] = {
    (State.DRAFT, ClipEvent.FINISH): State.MAKING,
    (State.MAKING, ClipEvent.FAIL): State.DRAFT,
    (State.MAKING, ClipEvent.HOLD_BACK): State.WAITING,
    (State.MAKING, ClipEvent.PUBLISH): State.PUBLISHED,
    (State.WAITING, ClipEvent.PUBLISH): State.PUBLISHED,
    (State.WAITING, ClipEvent.DELETE): State.DELETED,
    (State.PUBLISHED, ClipEvent.DELETE): State.DELETED,
}
"""The next state for each pair of state and event. Other pairs are not possible. Undoing a deletion
returns the clip to its previous state. A draft that is deleted leaves nothing.
"""


def states_before(event: ClipEvent) -> tuple[str, ...]:
    """Returns the states in which an event is possible, as stored."""
    return tuple(before.value for before, possible in TRANSITIONS if possible is event)


UNFINISHED = (State.DRAFT.value, State.MAKING.value)
FINISHED = (State.WAITING.value, State.PUBLISHED.value)
"""The states of clips whose final files are not stored yet, and of clips whose final files are
stored, as in the database.
"""
