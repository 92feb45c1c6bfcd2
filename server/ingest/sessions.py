"""Opens the sessions of all publishers."""

import secrets

from relay.rtc.ended_sessions import EndedSessions
from relay.rtc.receive.feedback import KeyframeBudget
from relay.rtc.receive.sdp import Offer
from relay.rtc.udp import UdpPort
from relay.stream.stream import Stream
from server.ingest.counters import IngestCounters
from server.ingest.session import IngestSession, SessionOwner
from server.ingest.transcoders import Transcoders


class IngestSessions:
    """Opens sessions, and holds their shared parts: the UDP port, the transcoders and the
    counters.
    """

    def __init__(
        self,
        port: UdpPort,
        transcoders: Transcoders,
        bitrate_cap: int,
        max_bitrate: int | None = None,
        prefix: str = "",
    ) -> None:
        """`bitrate_cap`: maximum total bitrate of a publisher's audio and video, bit/s. The server
        sends this limit as REMB. `max_bitrate`: bitrate above which a session ends after a few
        seconds, bit/s; by default twice the cap. `prefix`: the beginning of the ids of sessions.
        """
        self.transcoders = transcoders
        self.counters = IngestCounters()
        self.ended = EndedSessions()
        self.keyframes = KeyframeBudget()
        """The budget of keyframe requests of all sessions together."""
        self._prefix = prefix
        self._port = port
        self._bitrate_cap = bitrate_cap
        self._max_bitrate = max_bitrate

    def open(
        self, stream: Stream, offer: Offer, address: str, owner: SessionOwner
    ) -> IngestSession:
        """Opens a session, which the owner must close. `address`: the publisher's address. Raises
        Unavailable or NotAcceptable if the offer needs a transcoder and no transcoder is available.
        """
        return IngestSession(
            self._prefix + secrets.token_urlsafe(16),
            stream,
            self._port,
            offer,
            address=address,
            bitrate_cap=self._bitrate_cap,
            max_bitrate=self._max_bitrate,
            budget=self.keyframes,
            transcoders=self.transcoders,
            counters=self.counters,
            ended=self.ended,
            owner=owner,
        )
