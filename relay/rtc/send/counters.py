"""Counters of viewers' sessions. Pure."""

from dataclasses import dataclass

from relay.rtc.counters import PeerCounters


@dataclass(slots=True)
class SendCounters(PeerCounters):
    """Counters of a viewer's session."""

    dropped: int = 0
    """Number of video frames that were not sent."""
    resent: int = 0
    nacks: int = 0
    """Number of packets that the viewer requested again."""
    ignored_nacks: int = 0
    """Number of packets that were not sent again, because the viewer requested too many packets."""
    plis: int = 0


@dataclass(slots=True)
class WhepCounters(SendCounters):
    """Totals since the process began. The inherited counters and `octets` are sums over all ended
    sessions.
    """

    joined: int = 0
    failed: int = 0
    """Number of sessions that never connected."""
    refused: int = 0
    """Number of offers that were refused because too many sessions were connecting."""
    octets: int = 0
    """Number of payload bytes sent, without retransmissions."""
