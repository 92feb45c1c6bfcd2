"""One WebRTC session with a publisher or a viewer: ICE, then the DTLS handshake, then SRTP."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from time import monotonic, perf_counter_ns
from typing import Final

from relay.callbacks import ignore
from relay.errors import OfferError, RefusalCode
from relay.meter import Kind
from relay.pause import JUDGE_AGAIN
from relay.rtc.bucket import TokenBucket
from relay.rtc.consent import AGAIN, EXPIRES, Consent
from relay.rtc.counters import PeerCounters
from relay.rtc.deadline import deadline
from relay.rtc.dtls import DtlsSrtp, SrtpError, fingerprint
from relay.rtc.fragment import Fragment, restarts, write_fragment
from relay.rtc.ice import Answer
from relay.rtc.ice_sessions import IceSessions
from relay.rtc.peer_state import TRANSITIONS, PeerEvent, PeerState
from relay.rtc.rtp import HEADER_SIZE
from relay.rtc.sdp import Local, MediaSection, Remote
from relay.rtc.sources import Sources
from relay.rtc.udp import Route, UdpPort
from relay.stopwatch import Timed

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0
HELD_MAX = 4
"""Maximum number of handshake datagrams that wait until the peer's address is proven. Each flight
of a handshake (RFC 6347 §4.2.4) has one or two datagrams.
"""
FEEDBACK_PER_SECOND, FEEDBACK_BURST = 100, 200
"""Maximum number of compound RTCP packets that are accepted from one peer: per second, and in one
burst. A browser that loses 5 % of a stream of 4 Mbit/s sends 25 per second.
"""
CHECKS_PER_SECOND, CHECKS_BURST = 25, 100
"""Maximum number of STUN messages that are accepted from one peer: per second, and in one burst.
While Chromium tests its candidate pairs, it sends 21 connectivity checks per second.
"""


_CONNECTED: Final = PeerState.CONNECTED
"""A module constant, because it is read for each datagram. Reading the enum member instead would
take ten times as long.
"""


class PeerSession:
    """One WebRTC session on the server. Call `connect()` after the SDP answer is made. `close()`
    may be called in any state.

    If the session ends before `close()` is called, `on_closed` is called once, with the reason.
    `peer`: the word for the remote side in messages, such as "publisher".
    """

    __slots__ = (
        "_charged",
        "_checks",
        "_consent",
        "_consent_timer",
        "_dtls",
        "_feedback",
        "_heard_at",
        "_held",
        "_ice",
        "_left_checking",
        "_on_closed",
        "_peer",
        "_peer_counters",
        "_port",
        "_remote",
        "_route",
        "_sources",
        "_state",
        "_wake_at",
        "account",
    )

    def __init__(
        self,
        port: UdpPort,
        remote: Remote,
        peer: str,
        counters: PeerCounters,
        on_closed: Callable[[str], None],
        consent: Consent[Route],
        kind: Kind,
    ) -> None:
        self._port = port
        self._remote = remote
        self._peer = peer
        self._peer_counters = counters
        self._on_closed = on_closed
        self._ice = IceSessions(port, self, remote.ufrag, remote.password)
        self._dtls = DtlsSrtp(
            self._send_handshake, lambda: self._end(f"the {peer} closed the connection")
        )
        self._consent = consent
        self._route: Route | None = None
        """The route that carries DTLS and media."""
        self._charged = ""
        """The peer's address, to which the meter charges the time that this session uses."""
        self._consent_timer: asyncio.TimerHandle | None = None
        self._wake_at = 0.0
        """Time at which `_keep_consent` is due, in seconds of `time.monotonic`."""
        self._held: list[bytes] = []
        """Handshake datagrams that wait until the peer's address is proven."""
        self._checks = TokenBucket(CHECKS_PER_SECOND, CHECKS_BURST)
        self._feedback = TokenBucket(FEEDBACK_PER_SECOND, FEEDBACK_BURST)
        self._sources = Sources()
        self._state = PeerState.CHECKING
        self._left_checking = asyncio.Event()
        self._heard_at = monotonic()
        """Time at which a valid check, or an answer to a check, last arrived from the peer, in
        seconds of `time.monotonic`. For a viewer, valid RTCP counts too.
        """
        self.account = port.meter.open(kind, self._heard_at, self._end)

    @property
    def ufrag(self) -> str:
        """The server's ICE user name fragment. It identifies the current ICE session."""
        return self._ice.current.ufrag

    @property
    def connected(self) -> bool:
        return self._state is _CONNECTED

    async def connect(self) -> None:
        """Waits for the first connectivity check and performs the handshake.

        Raises ConnectionError if the handshake fails, or if the handshake is not complete after 10
        s.
        """
        try:
            async with deadline(CONNECT_TIMEOUT, self._port.pause):
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
        now = monotonic()
        self._consent.complete_handshake(now)
        self._take_route(now)
        self._advance(PeerEvent.HANDSHAKE_COMPLETED)
        self._wake_after(self._consent.wait(now))
        self._connected()

    async def close(self) -> None:
        """Ends the session. Afterwards the session neither calls nor references a callback."""
        self._advance(PeerEvent.CLOSED)
        self._stop_asking()
        self._stop()
        self._ice.close(self._port)
        self._port.meter.close(self.account)
        await self._dtls.close()
        self._on_closed = ignore
        # Break the reference cycle: a route references its session.
        self._route = None
        self._consent.forget()

    # ICE restarts (RFC 8445 §9)

    def is_restart(self, fragment: Fragment) -> bool:
        """Whether the fragment restarts ICE. Raises OfferError: 404 if the session has ended, 412
        if the fragment belongs to a former ICE session, 422 if such a restart is impossible.
        """
        if self._state in (PeerState.ENDED, PeerState.CLOSED):
            raise OfferError(404, RefusalCode.SESSION_NOT_FOUND, "no such session: it has ended")
        return restarts(fragment, self._ice.current, self._ice.past, self._remote)

    def restart_ice(self, fragment: Fragment) -> None:
        """Begins a new ICE session. `fragment`: a fragment for which `is_restart` is True. DTLS and
        media continue: first on the route in use, then on the route that the new ICE session
        nominates, or on any proven route if the peer has left the route in use.
        """
        assert fragment.ufrag is not None and fragment.password is not None
        logger.debug("the %s restarts ICE", self._peer)
        self._ice.restart(self._port, self, fragment.ufrag, fragment.password)
        self._consent.doubt(monotonic())

    def ice_fragment(self, hosts: list[str]) -> str:
        """Returns the SDP fragment that describes the server's end of the current ICE session, with
        a candidate for each of `hosts`.
        """
        agent = self._ice.current
        local = Local(agent.ufrag, agent.password, fingerprint(), tuple(hosts), self._port.port)
        return write_fragment(self._sections(), local)

    # Methods that subclasses implement

    def _sections(self) -> Sequence[MediaSection]:
        """Returns the accepted media sections, in the order of the offer."""
        raise NotImplementedError

    def _connected(self) -> None:
        """Called when the handshake is complete."""

    def _moved(self, now: float, silent: float) -> None:
        """Called when DTLS and media move to another route. `silent`: time since the last datagram
        on the former route, seconds.
        """

    def _stop(self) -> None:
        """Cancels all timers when the session ends. May be called several times."""

    def _receive_srtp(self, data: bytes) -> None:
        """Handles an encrypted RTP packet of at least 12 bytes. May raise SrtpError and
        ValueError.
        """

    def _receive_rtcp(self, data: bytes, now: float) -> None:
        """Handles a decrypted compound RTCP packet. May raise ValueError."""

    def _answered(self, round_trip: float) -> None:
        """Called when the peer has answered a connectivity check that the server sent `round_trip`
        seconds ago.
        """

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
            self._stop_asking()
            self._stop()
            self._on_closed(reason)

    # Incoming datagrams (implements Peer)

    def receive_check(self, data: bytes, route: Route) -> bool:
        if self.account.slowed:
            self.account.shed += 1
            return False
        started = perf_counter_ns()
        try:
            return self._receive_check(data, route)
        finally:
            self._charge(started)

    def receive(self, data: bytes, route: Route) -> None:
        if self.account.slowed:
            self.account.shed += 1
            return
        account, started = self.account, perf_counter_ns()
        try:
            first = data[0]
            if first < 64:
                self._receive_handshake(data, route)
            elif self._state is not _CONNECTED or not 127 < first < 192:
                pass
            elif len(data) < HEADER_SIZE:
                self._peer_counters.rejected += 1
            # The second byte distinguishes RTCP from RTP (RFC 5761 §4). In RTCP, this byte is the
            # packet type, 192 to 223. In RTP, it contains the marker and the payload type.
            elif 191 < data[1] < 224:
                self._receive_srtcp(data)
            else:
                self._receive_srtp(data)
        except SrtpError:
            self._peer_counters.rejected += 1
        except ValueError as error:
            self._peer_counters.rejected += 1
            logger.debug("packet dropped: %s", error)
        finally:
            account.spent_ns += perf_counter_ns() - started
            if account.spent_ns > account.limit_ns:
                account.overrun()

    def _charge(self, started: int) -> None:
        """Charges the time since `started` (`time.perf_counter_ns`) to this session."""
        account = self.account
        account.spent_ns += perf_counter_ns() - started
        if account.spent_ns > account.limit_ns:
            account.overrun()

    def _receive_check(self, data: bytes, route: Route) -> bool:
        now = monotonic()
        if not self._checks.take(now):
            self._peer_counters.limited += 1
            return False
        message = self._ice.receive(data, route)
        if message is None:
            return False
        consent = self._consent
        if isinstance(message, Answer):
            round_trip = consent.receive_answer(route, message.transaction, now)
            if round_trip is None:
                return False
            self._heard_at = now
            consent.leave_silent(now)
            self._take_route(now)
            self._send_held()
            self._answered(round_trip)
            if self.connected:
                self._wake_after(consent.wait(now))
            return True
        self._heard_at = now
        consent.receive_check(route, len(data), now, nominated=message.nominated)
        consent.leave_silent(now)
        self._take_route(now)
        if consent.may_send(route, len(message.answer), now):
            route.send(message.answer)
        if self._state in (PeerState.ENDED, PeerState.CLOSED):
            return True
        if consent.must_prove(route, now):
            self._ask(route, now)
            self._wake_after(consent.wait(now))
        self._advance(PeerEvent.CHECKED)
        return True

    def _receive_handshake(self, data: bytes, route: Route) -> None:
        if self._state is not _CONNECTED:
            self._consent.receive_bytes(route, len(data), monotonic())
        if not self._dtls.receive(data):
            self._peer_counters.rejected += 1

    def _receive_srtcp(self, data: bytes) -> None:
        now = monotonic()
        source = data[4:8]
        if self._feedback.take(now) and self._sources.admit(source, now):
            plain = self._dtls.unprotect_rtcp(data)
            self._sources.add(source, now)
            self._receive_rtcp(plain, now)
        else:
            self._peer_counters.limited += 1

    # Consent (RFC 7675)

    def _keep_consent(self) -> None:
        """Sends the connectivity checks that are due. Ends the session if the peer's consent has
        expired.
        """
        now, consent = monotonic(), self._consent
        if now - self._wake_at > AGAIN:
            consent.forgive(now - self._wake_at)
        expired = self._state is PeerState.CONNECTED and consent.expired(now)
        if expired and self._port.pause.may_judge(now):
            self._peer_counters.unconsented += 1
            self._end(f"the {self._peer} answered no check for {EXPIRES:.0f} s")
            return
        consent.leave_silent(now)
        self._take_route(now)
        for route in consent.due(now):
            self._ask(route, now)
        self._wake_after(JUDGE_AGAIN if expired else consent.wait(now))

    def _take_route(self, now: float) -> None:
        """Uses the selected route from now on. Charges the session's time to the address of the
        route only if the address is proven, because an unproven address may be forged.
        """
        former, route = self._route, self._consent.selected
        self._route = route
        if route is None:
            return
        if former is not None and former is not route:
            self._moved(now, former.silence(now))
        if route is self._consent.nominated:
            self._ice.use(self._port, route)
        if route.proven(now) and route.address[0] != self._charged:
            self._charged = route.address[0]
            self.account.move_to(self._charged)

    def _ask(self, route: Route, now: float) -> None:
        transaction = secrets.token_bytes(12)
        check = self._ice.check(transaction, route)
        if self._consent.may_send(route, len(check), now):
            self._consent.ask(route, transaction, now)
            route.send(check)

    def _wake_after(self, seconds: float) -> None:
        self._stop_asking()
        self._wake_at = monotonic() + seconds
        self._consent_timer = asyncio.get_running_loop().call_later(seconds, self._keep_consent)

    def _stop_asking(self) -> None:
        if self._consent_timer:
            self._consent_timer.cancel()
            self._consent_timer = None

    # Outgoing datagrams

    def _send_rtcp(self, data: bytes) -> None:
        if self._state is _CONNECTED and self._dtls.connected:
            self._send(self._dtls.protect_rtcp(data))

    def _send(self, data: bytes) -> None:
        """Sends a packet of a connected session."""
        if self._route:
            self._route.send(data)

    def _send_handshake(self, data: bytes) -> None:
        """Sends a DTLS datagram, or holds the datagram until the peer's address is proven."""
        route = self._route
        if route is None:
            return
        if self._consent.may_send(route, len(data), monotonic()):
            route.send(data)
        else:
            self._peer_counters.withheld += 1
            self._held = [*self._held[1 - HELD_MAX :], data]

    def _send_held(self) -> None:
        held, self._held = self._held, []
        for data in held:
            self._send_handshake(data)
