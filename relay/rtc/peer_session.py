"""What a session with a publisher and one with a viewer have in common: ICE and DTLS, until packets
can be read and written.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from relay.callbacks import ignore
from relay.rtc.dtls import DtlsSrtp, SrtpError
from relay.rtc.ice import IceAgent
from relay.rtc.sdp import Remote
from relay.rtc.udp import Route, UdpPort

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0


@dataclass(slots=True)
class PeerCounters:
    """What every session counts."""

    rejected: int = 0
    """Datagrams that were not the peer's, or could not be read."""


class PeerSession:
    """The server's end of a peer: an answer given by a subclass first, then `connect()`; `close()`
    in any state.

    `on_closed` is called once when the peer ends the session or nothing came of it. `peer` is what
    the log calls it.
    """

    counters: PeerCounters

    def __init__(
        self, port: UdpPort, remote: Remote, peer: str, on_closed: Callable[[str], None]
    ) -> None:
        self._port = port
        self._remote = remote
        self._on_closed = on_closed
        self._agent = IceAgent(remote.ufrag, remote.password)
        self._dtls = DtlsSrtp(self._send, lambda: self._end(f"the {peer} closed the connection"))
        self._route: Route | None = None
        self._checked = asyncio.Event()
        self._ready = False
        self._closed = False
        self._heard = monotonic()
        """When the peer last proved to be there: a connectivity check, or a packet that could be
        decrypted.
        """
        port.add(self._agent.ufrag, self)

    @property
    def ufrag(self) -> str:
        """Our ICE user name fragment."""
        return self._agent.ufrag

    @property
    def remote_ufrag(self) -> str:
        return self._remote.ufrag

    @property
    def connected(self) -> bool:
        return self._ready and not self._closed

    async def connect(self) -> None:
        """Waits for the first connectivity check and completes the handshake. Raises
        ConnectionError, after 10 s at the latest.
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self._checked.wait()
                if self._closed:
                    raise ConnectionError("the session was closed")
                await self._dtls.handshake(
                    list(self._remote.fingerprints), client=self._remote.passive
                )
        except TimeoutError as error:
            stage = (
                "the DTLS handshake was not completed"
                if self._checked.is_set()
                else "no connectivity check arrived: is the UDP port reachable?"
            )
            raise ConnectionError(f"{stage} within {CONNECT_TIMEOUT:.0f} s") from error
        if self._closed:
            raise ConnectionError("the session was closed")
        self._ready = True
        self._connected()

    async def close(self) -> None:
        """Ends the session: no callback comes after this, and none is held."""
        self._closed = True
        self._ready = False
        self._checked.set()
        self._stop()
        self._port.remove(self._agent.ufrag)
        await self._dtls.close()
        self._on_closed = ignore

    # What a subclass fills in

    def _connected(self) -> None:
        """The handshake is complete."""

    def _stop(self) -> None:
        """The session is over: no timer may run on. Called at least once."""

    def _receive_media(self, data: bytes) -> None:
        """A decrypted RTP packet. May raise ValueError."""

    def _receive_rtcp(self, data: bytes) -> None:
        """A decrypted compound packet. May raise ValueError."""

    def _answered(self) -> None:
        """The peer answered our own connectivity check."""

    # Datagrams in (Peer)

    def receive_check(self, data: bytes, route: Route) -> bool:
        check = self._agent.receive(data, route.address[:2])
        if check is None:
            return False
        self._heard = monotonic()
        if not check.answer:
            self._answered()
            return True
        route.send(check.answer)
        if check.nominated or self._route is None:
            self._route = route
        self._checked.set()
        return True

    def receive(self, data: bytes) -> None:
        if data[0] < 64:
            if not self._dtls.receive(data):
                self.counters.rejected += 1
        elif self._ready and 127 < data[0] < 192 and len(data) > 1:
            try:
                # RFC 5761 §4: RTCP packet types are 192–223 where RTP has marker and payload type.
                if 191 < data[1] < 224:
                    self._receive_rtcp(self._dtls.unprotect_rtcp(data))
                else:
                    self._receive_media(self._dtls.unprotect_rtp(data))
            except SrtpError:
                self.counters.rejected += 1
            except ValueError as error:
                self.counters.rejected += 1
                logger.debug("packet dropped: %s", error)

    # Datagrams out

    def _send_rtcp(self, data: bytes) -> None:
        if self._ready and self._dtls.connected:
            self._send(self._dtls.protect_rtcp(data))

    def _send(self, data: bytes) -> None:
        if self._route:
            self._route.send(data)

    def _end(self, reason: str) -> None:
        if not self._closed:
            self._closed = True
            self._ready = False
            self._stop()
            self._on_closed(reason)
