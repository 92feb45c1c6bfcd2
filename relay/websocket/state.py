"""The life of a viewer's WebSocket: one table. Pure."""

from enum import Enum


class State(Enum):
    JOINING = "joining"
    """What a joining viewer gets first is still being written; live messages queue behind it."""
    BUFFERED = "buffered"
    """Each message is weighed against what waits, and written to the transport."""
    DIRECT = "direct"
    """The fan-out writes to the socket."""
    CLOSING = "closing"
    """A close frame was written: nothing may follow it. The peer has a deadline to answer."""
    LEFT = "left"
    """The connection is over, and the viewer is no longer in the channel."""


class Event(Enum):
    JOINED = "joined"
    """The last of what comes first was written."""
    CAUGHT_UP = "caught up"
    """The socket took a whole message while the transport held none."""
    HELD_BACK = "held back"
    """Bytes have to go through the transport: the socket is full, or they are for this viewer
    alone.
    """
    CLOSED = "closed"
    """The server closes the connection."""
    WENT = "went"
    """The connection ended."""


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.JOINING, Event.JOINED): State.BUFFERED,
    (State.BUFFERED, Event.CAUGHT_UP): State.DIRECT,
    (State.DIRECT, Event.HELD_BACK): State.BUFFERED,
    (State.JOINING, Event.CLOSED): State.CLOSING,
    (State.BUFFERED, Event.CLOSED): State.CLOSING,
    (State.DIRECT, Event.CLOSED): State.CLOSING,
    (State.JOINING, Event.WENT): State.LEFT,
    (State.BUFFERED, Event.WENT): State.LEFT,
    (State.DIRECT, Event.WENT): State.LEFT,
    (State.CLOSING, Event.WENT): State.LEFT,
}
"""A pair that is not here changes nothing."""

OPEN = frozenset({State.JOINING, State.BUFFERED, State.DIRECT})
"""Something may be written."""
