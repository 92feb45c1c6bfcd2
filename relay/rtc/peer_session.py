"""One WebRTC session with a publisher or a viewer: first ICE and DTLS, then decrypted packets."""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto
from time import monotonic, perf_counter_ns
from typing import Final

from relay.callbacks import ignore
from relay.meter import Kind
from relay.rtc.counters import PeerCounters
from relay.rtc.dtls import DtlsSrtp, SrtpError
from relay.rtc.ice import IceAgent
from relay.rtc.sdp import Remote
from relay.rtc.udp import Route, UdpPort
from relay.stopwatch import Timed

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
"""The next state for each pair of state and event. For a pair that is not listed, the state does
not change.
"""


class PeerSession:
    """One WebRTC session on the server. Call `connect()` after the SDP answer is made, and
    `close()` in any state.

    `on_closed` is called once, with the reason, if the session ends before `close()`. `peer`: the
    word for the remote side in messages, such as "publisher".
    """

    def __init__(
        self,
        port: UdpPort,
        remote: Remote,
        peer: str,
        counters: PeerCounters,
        on_closed: Callable[[str], None],
        kind: Kind,
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
        """Time of the last valid connectivity check or readable packet from the peer, in seconds of
        `time.monotonic`.
        """
        self.account = port.meter.open(kind, self._heard_at, self._end)
        port.add(self._agent.ufrag, self)

    @property
    def ufrag(self) -> str:
        """The server's ICE user name fragment for this session."""
        return self._agent.ufrag

    @property
    def remote_ufrag(self) -> str:
        return self._remote.ufrag

    @property
    def connected(self) -> bool:
        return self._state is PeerState.CONNECTED

    async def connect(self) -> None:
        """Waits for the first connectivity check and performs the handshake.

        Raises ConnectionError if this fails or takes longer than 10 s.
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self._left_checking.wait()
                self._require_handshaking()
                await Timed(
                    self._dtls.handshake(
                        list(self._remote.fingerprints), client=self._remote.passive
                    ),
                    self.account,
                )
        except TimeoutError as error:
            problem = (
                "the DTLS handshake was not completed within {:.0f} s"
                if self._left_checking.is_set()
                else "no connectivity check arrived within {:.0f} s: is the UDP port reachable?"
            )
            raise ConnectionError(problem.format(CONNECT_TIMEOUT)) from error
        self._require_handshaking()
        self._advance(PeerEvent.HANDSHAKE_COMPLETED)
        self._connected()

    async def close(self) -> None:
        """Ends the session. Afterwards the session neither calls nor references a callback."""
        self._advance(PeerEvent.CLOSED)
        self._stop()
        self._port.remove(self._agent.ufrag)
        self._port.meter.close(self.account)
        await self._dtls.close()
        self._on_closed = ignore

    # Methods that subclasses implement

    def _connected(self) -> None:
        """Called when the handshake is complete."""

    def _stop(self) -> None:
        """Cancels all timers when the session ends. Called at least once."""

    def _receive_media(self, data: bytes) -> None:
        """Handles a decrypted RTP packet. May raise ValueError."""

    def _receive_rtcp(self, data: bytes) -> None:
        """Handles a decrypted compound RTCP packet. May raise ValueError."""

    def _answered(self) -> None:
        """Called when the peer has answered a connectivity check that the server sent."""

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

    # Incoming datagrams (implements Peer)

    def receive_check(self, data: bytes, route: Route) -> bool:
        if self.account.slowed:
            self.account.shed += 1
            return True
        started = perf_counter_ns()
        try:
            return self._receive_check(data, route)
        finally:
            self._charge(started)

    def receive(self, data: bytes) -> None:
        if self.account.slowed:
            self.account.shed += 1
            return
        started = perf_counter_ns()
        try:
            self._receive(data)
        finally:
            self._charge(started)

    def _charge(self, started: int) -> None:
        """Charges the time since `started` (`time.perf_counter_ns`) to this session."""
        account = self.account
        account.spent_ns += perf_counter_ns() - started
        if account.spent_ns > account.limit_ns:
            account.overrun()

    def _receive_check(self, data: bytes, route: Route) -> bool:
        check = self._agent.receive(data, route.address[:2])
        if check is None:
            return False
        self._heard_at = monotonic()
        if not check.answer:
            self._answered()
            return True
        route.send(check.answer)
        if check.nominated or self._route is None:
            if self._route is None or self._route.address[0] != route.address[0]:
                self.account.move_to(route.address[0])
            self._route = route
        self._advance(PeerEvent.CHECKED)
        return True

    def _receive(self, data: bytes) -> None:
        if data[0] < 64:
            if not self._dtls.receive(data):
                self._peer_counters.rejected += 1
        elif self._state is PeerState.CONNECTED and 127 < data[0] < 192 and len(data) > 1:
            try:
                # The second byte distinguishes RTCP from RTP (RFC 5761 §4). In RTCP, this byte is
                # the packet type, 192 to 223. In RTP, it contains the marker and the payload type.
                if 191 < data[1] < 224:
                    self._receive_rtcp(self._dtls.unprotect_rtcp(data))
                else:
                    self._receive_media(self._dtls.unprotect_rtp(data))
            except SrtpError:
                self._peer_counters.rejected += 1
            except ValueError as error:
                self._peer_counters.rejected += 1
                logger.debug("packet dropped: %s", error)

    # Outgoing datagrams

    def _send_rtcp(self, data: bytes) -> None:
        if self._state is PeerState.CONNECTED and self._dtls.connected:
            self._send(self._dtls.protect_rtcp(data))

    def _send(self, data: bytes) -> None:
        if self._route:
            self._route.send(data)
