"""Counters of a publisher's session. Pure."""

from dataclasses import dataclass, field

from relay.rtc.counters import PeerCounters


@dataclass(slots=True)
class ReceiveCounters(PeerCounters):
    """Counters of a publisher's session."""

    packets: int = 0
    plis: int = 0
    nacks: int = 0
    foreign: int = 0
    """Number of video packets that were dropped because another source (SSRC) is taken."""
    last_media: float | None = None
    """Arrival time of the last audio or video packet, in seconds of `time.monotonic`; None before
    the first packet.
    """
    payload_bytes: int = 0
    """Number of bytes of audio and video, without retransmissions."""
    other_bytes: int = 0
    """Number of bytes of the payloads of all other packets, such as retransmissions."""
    delivery_ns: int = 0
    """Time spent on delivering this publisher's media to viewers, ns."""
    unknown_payload_types: set[int] = field(default_factory=set)

    @property
    def received_bytes(self) -> int:
        """Number of bytes of the payloads of all authentic packets."""
        return self.payload_bytes + self.other_bytes
