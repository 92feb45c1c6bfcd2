"""The states of a viewer's WebSocket, in one table. Pure."""

from enum import Enum


class State(Enum):
    JOINING = "joining"
    """The burst is still being written. Live messages wait behind the burst."""
    BUFFERED = "buffered"
    """The outbox chooses the bytes of each message. The viewer object writes these bytes to the
    transport.
    """
    DIRECT = "direct"
    """The fan-out writes directly to the socket."""
    CLOSING = "closing"
    """A close frame has been written, so nothing more may be written. The peer must answer the
    close frame before a deadline.
    """
    LEFT = "left"
    """The connection has ended, and the viewer is no longer in the channel."""


class Event(Enum):
    JOINED = "joined"
    """The last byte of the burst was written."""
    CAUGHT_UP = "caught up"
    """The socket accepted a whole message while the transport's buffer was empty."""
    HELD_BACK = "held back"
    """Bytes must be written through the transport: the socket is full, or the bytes are for this
    viewer alone.
    """
    RELEASED = "released"
    """The viewer ends its standby: it gets a burst again. HELD_BACK comes before this."""
    CLOSED = "closed"
    """The server closes the connection."""
    WENT = "went"
    """The connection has ended."""


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.JOINING, Event.JOINED): State.BUFFERED,
    (State.BUFFERED, Event.CAUGHT_UP): State.DIRECT,
    (State.DIRECT, Event.HELD_BACK): State.BUFFERED,
    (State.BUFFERED, Event.RELEASED): State.JOINING,
    (State.JOINING, Event.CLOSED): State.CLOSING,
    (State.BUFFERED, Event.CLOSED): State.CLOSING,
    (State.DIRECT, Event.CLOSED): State.CLOSING,
    (State.JOINING, Event.WENT): State.LEFT,
    (State.BUFFERED, Event.WENT): State.LEFT,
    (State.DIRECT, Event.WENT): State.LEFT,
    (State.CLOSING, Event.WENT): State.LEFT,
}
"""The new state for each pair of state and event. A pair that is not in the table does not change
the state.
"""

OPEN = frozenset({State.JOINING, State.BUFFERED, State.DIRECT})
"""The states in which the server may write to the viewer."""
