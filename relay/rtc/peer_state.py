"""The states of a WebRTC session and all transitions between them. Pure."""

from enum import Enum, auto
from typing import Final


class PeerState(Enum):
    """The state of a session."""

    CHECKING = auto()
    """No connectivity check has arrived yet."""
    HANDSHAKING = auto()
    CONNECTED = auto()
    ENDED = auto()
    """The session is over, but its owner has not closed it yet."""
    CLOSED = auto()


class PeerEvent(Enum):
    """An event that changes the state of a session."""

    CHECKED = auto()
    """A connectivity check from the peer arrived."""
    HANDSHAKE_COMPLETED = auto()
    ENDED = auto()
    """The peer closed the connection, or the server ended the session."""
    CLOSED = auto()


TRANSITIONS: Final = {
    (PeerState.CHECKING, PeerEvent.CHECKED): PeerState.HANDSHAKING,
    (PeerState.CHECKING, PeerEvent.ENDED): PeerState.ENDED,
    (PeerState.CHECKING, PeerEvent.CLOSED): PeerState.CLOSED,
    (PeerState.HANDSHAKING, PeerEvent.HANDSHAKE_COMPLETED): PeerState.CONNECTED,
    (PeerState.HANDSHAKING, PeerEvent.ENDED): PeerState.ENDED,
    (PeerState.HANDSHAKING, PeerEvent.CLOSED): PeerState.CLOSED,
    (PeerState.CONNECTED, PeerEvent.ENDED): PeerState.ENDED,
    (PeerState.CONNECTED, PeerEvent.CLOSED): PeerState.CLOSED,
    (PeerState.ENDED, PeerEvent.CLOSED): PeerState.CLOSED,
}
"""The next state for each pair of state and event. For a pair that is not listed, the state does
not change.
"""
