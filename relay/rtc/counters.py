"""The counters that every WebRTC session has. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class PeerCounters:
    """The counters that every WebRTC session has."""

    rejected: int = 0
    """Datagrams that did not come from the peer or could not be parsed."""
    limited: int = 0
    """Datagrams that were dropped unread because the peer sent too many of their kind."""
    withheld: int = 0
    """Datagrams that were not sent, because the peer's address had not agreed to receive them."""
    unconsented: int = 0
    """1 if the session ended because the peer no longer agreed to receive, otherwise 0."""
