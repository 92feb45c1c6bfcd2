"""One WebRTC session with a publisher or a viewer: first ICE and DTLS, then decrypted packets."""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto
from time import monotonic
from typing import Final

from relay.callbacks import ignore
from relay.rtc.counters import PeerCounters
from relay.rtc.dtls import DtlsSrtp, SrtpError
from relay.rtc.ice import IceAgent
from relay.rtc.sdp import Remote
from relay.rtc.udp import Route, UdpPort

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0


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
"""The new state for each pair of state and event. With any other pair, the state does not
change.
"""


class PeerSession:
    """The server's end of a session. Call `connect()` after the subclass has given its answer, and
    `close()` in any state.

    `on_closed` is called once, with the reason, when the session ends before `close()`. `peer` is
    the word for the other side in log messages.
    """

    def __init__(
        self,
        port: UdpPort,
        remote: Remote,
        peer: str,
        counters: PeerCounters,
        on_closed: Callable[[str], None],
    ) -> None:
        self._port = port
        self._remote = remote
        self._peer_counters = counters
        self._on_closed = on_closed
        self._agent = IceAgent(remote.ufrag, remote.password)
        self._dtls = DtlsSrtp(self._send, lambda: self._end(f"the {peer} closed the connection"))
        self._route: Route | None = None
        self._state = PeerState.CHECKING
        self._left_checking = asyncio.Event()
        self._heard_at = monotonic()
        """When the peer last sent a valid connectivity check or a readable packet."""
        port.add(self._agent.ufrag, self)

    @property
    def ufrag(self) -> str:
        """The ICE user name fragment of the server's end."""
        return self._agent.ufrag

    @property
    def remote_ufrag(self) -> str:
        return self._remote.ufrag

    @property
    def connected(self) -> bool:
        return self._state is PeerState.CONNECTED

    async def connect(self) -> None:
        """Waits for the first connectivity check and performs the handshake.

        Raises ConnectionError, after 10 s at the latest.
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self._left_checking.wait()
                self._require_handshaking()
                await self._dtls.handshake(
                    list(self._remote.fingerprints), client=self._remote.passive
                )
        except TimeoutError as error:
            problem = (
                "the DTLS handshake was not completed"
                if self._left_checking.is_set()
                else "no connectivity check arrived: is the UDP port reachable?"
            )
            raise ConnectionError(f"{problem} within {CONNECT_TIMEOUT:.0f} s") from error
        self._require_handshaking()
        self._advance(PeerEvent.HANDSHAKE_COMPLETED)
        self._connected()

    async def close(self) -> None:
        """Ends the session. From then on no callback is called or referenced."""
        self._advance(PeerEvent.CLOSED)
        self._stop()
        self._port.remove(self._agent.ufrag)
        await self._dtls.close()
        self._on_closed = ignore

    # Implemented by subclasses

    def _connected(self) -> None:
        """Called when the handshake is complete."""

    def _stop(self) -> None:
        """Cancels all timers, because the session is over. Called at least once."""

    def _receive_media(self, data: bytes) -> None:
        """Handles a decrypted RTP packet. May raise ValueError."""

    def _receive_rtcp(self, data: bytes) -> None:
        """Handles a decrypted compound RTCP packet. May raise ValueError."""

    def _answered(self) -> None:
        """Called when the peer has answered a connectivity check of the server."""

    # State

    def _advance(self, event: PeerEvent) -> None:
        self._state = TRANSITIONS.get((self._state, event), self._state)
        if self._state is not PeerState.CHECKING:
            self._left_checking.set()

    def _require_handshaking(self) -> None:
        if self._state is not PeerState.HANDSHAKING:
            raise ConnectionError("the session was closed")

    def _end(self, reason: str) -> None:
        if self._state not in (PeerState.ENDED, PeerState.CLOSED):
            self._advance(PeerEvent.ENDED)
            self._stop()
            self._on_closed(reason)

    # Datagrams in (Peer)

    def receive_check(self, data: bytes, route: Route) -> bool:
        check = self._agent.receive(data, route.address[:2])
        if check is None:
            return False
        self._heard_at = monotonic()
        if not check.answer:
            self._answered()
            return True
        route.send(check.answer)
        if check.nominated or self._route is None:
            self._route = route
        self._advance(PeerEvent.CHECKED)
        return True

    def receive(self, data: bytes) -> None:
        if data[0] < 64:
            if not self._dtls.receive(data):
                self._peer_counters.rejected += 1
        elif self._state is PeerState.CONNECTED and 127 < data[0] < 192 and len(data) > 1:
            try:
                # RFC 5761 §4: the second byte of an RTCP packet is its type, 192 to 223. In an RTP
                # packet this byte contains the marker and the payload type.
                if 191 < data[1] < 224:
                    self._receive_rtcp(self._dtls.unprotect_rtcp(data))
                else:
                    self._receive_media(self._dtls.unprotect_rtp(data))
            except SrtpError:
                self._peer_counters.rejected += 1
            except ValueError as error:
                self._peer_counters.rejected += 1
                logger.debug("packet dropped: %s", error)

    # Datagrams out

    def _send_rtcp(self, data: bytes) -> None:
        if self._state is PeerState.CONNECTED and self._dtls.connected:
            self._send(self._dtls.protect_rtcp(data))

    def _send(self, data: bytes) -> None:
        if self._route:
            self._route.send(data)
