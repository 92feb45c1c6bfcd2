"""A light WebRTC peer that connects to the server. The peer uses one connected UDP socket. To
connect, the peer completes ICE (RFC 8445 §2.5; the server is ICE lite) and then the DTLS handshake.
"""

import asyncio
import secrets
import time
from typing import Any

from aioice import stun

from relay.rtc.dtls import DtlsSrtp
from relay.rtc.ice import Check, IceAgent
from scripts.loadgen.signalling import Accepted

CHECK_EVERY, CONNECT_WITHIN = 0.05, 10.0
CONSENT_EVERY, CONSENT_LOST = 2.0, 8.0
"""`CONSENT_EVERY`: seconds between two connectivity checks (RFC 7675 recommends 5). `CONSENT_LOST`:
seconds without an answer after which the session is lost.
"""


class Peer(asyncio.DatagramProtocol):
    """The load generator's end of a WebRTC session. Subclasses call `_reach()` after the server has
    answered the offer, and `_keep_consent()` regularly. Subclasses may call `_hang_up()` in any
    state, and implement `_receive_media` and `_broken`.
    """

    def __init__(self) -> None:
        self._ufrag, self._password = secrets.token_hex(4), secrets.token_hex(16)
        self._local: tuple[str, int] | None = None
        """Local address from which packets are sent. None if the system chooses the address."""
        self._accepted: Accepted | None = None
        self._agent: IceAgent | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._dtls = DtlsSrtp(self._send, lambda: self._broken("ended by the server"))
        self._reached = asyncio.Event()
        self._answered = self._check_due = 0.0

    async def _reach(self, accepted: Accepted) -> None:
        """Connects after the server has answered the offer: ICE, then the DTLS handshake. Raises
        ConnectionError if no candidate pair works, or the handshake fails.
        """
        self._accepted = accepted
        self._agent = IceAgent(accepted.ufrag, accepted.password, self._ufrag, self._password)
        await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, self._local, accepted.address
        )
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                while not self._reached.is_set():
                    self._check()
                    try:
                        await asyncio.wait_for(self._reached.wait(), CHECK_EVERY)
                    except TimeoutError:
                        continue
                await self._dtls.handshake([accepted.fingerprint], client=True)
        except TimeoutError as error:
            raise ConnectionError(
                "no handshake" if self._reached.is_set() else "no answer over UDP"
            ) from error
        self._answered = time.monotonic()
        self._check_due = self._answered + CONSENT_EVERY

    async def _hang_up(self) -> None:
        await self._dtls.close()
        if self._transport:
            self._transport.close()

    def restart_consent(self) -> None:
        """Restarts the measurement of the time without an answer. Call this after a period in which
        no checks were sent.
        """
        self._answered = self._check_due = time.monotonic()

    def _keep_consent(self, now: float) -> None:
        """Sends a connectivity check if the next check is due. `now`: seconds of
        `time.monotonic`.
        """
        if now >= self._check_due:
            self._check_due = now + CONSENT_EVERY
            if now - self._answered > CONSENT_LOST:
                self._broken("the server does not answer")
            else:
                self._check()

    def _check(self) -> None:
        assert self._accepted
        self._send(connectivity_check(self._accepted, self._ufrag, nominate=True))

    def _send(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(data)

    def _receive_media(self, data: bytes) -> None:
        """Takes a received RTP or RTCP packet, which is still encrypted."""

    def _broken(self, cause: str) -> None:
        """Handles the loss of the session. May be called more than once."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        # The first byte determines the protocol (RFC 7983 §7).
        if not data:
            return
        if data[0] > 127:
            self._receive_media(data)
        elif data[0] > 19:
            self._dtls.receive(data)
        elif data[0] < 4:
            self._receive_stun(data, addr)

    def error_received(self, exc: Exception) -> None:
        self._broken("UDP port unreachable")

    def _receive_stun(self, data: bytes, source: Any) -> None:
        assert self._agent
        if data[0] == 1:  # a response; the connected socket checks its source
            self._answered = time.monotonic()
            self._reached.set()
            return
        try:
            check = self._agent.receive(data, source)
        except ValueError:
            return
        if isinstance(check, Check):
            self._send(check.answer)


def connectivity_check(accepted: Accepted, ufrag: str, *, nominate: bool) -> bytes:
    """Returns a STUN binding request with the right password (RFC 8445 §7.2). `nominate`:
    whether the request has USE-CANDIDATE.
    """
    attributes: dict[str, object] = {
        "USERNAME": f"{accepted.ufrag}:{ufrag}",
        "PRIORITY": 1_853_824_767,
        "ICE-CONTROLLING": 1,
    }
    if nominate:
        attributes["USE-CANDIDATE"] = None
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
    message.add_message_integrity(accepted.password.encode())
    return bytes(message)
