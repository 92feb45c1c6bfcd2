"""The counters that every WebRTC session has. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class PeerCounters:
    """The counters that every WebRTC session has."""

    rejected: int = 0
    """Number of datagrams that did not come from the peer or could not be parsed."""
    limited: int = 0
    """Number of datagrams that were dropped without parsing, because the peer sent too many
    datagrams of the same kind.
    """
    withheld: int = 0
    """Number of handshake datagrams that waited because the peer's address was not proven."""
    unconsented: int = 0
    """1 if the session ended because the peer answered no connectivity check, otherwise 0."""
