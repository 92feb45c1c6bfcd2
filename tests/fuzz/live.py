"""Fuzzes objects with state: a publisher's session, the UDP port, a handshake, viewers.

Each input gets new objects, without sockets, on a clock that the input moves.
"""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

from relay.rtc.dtls import DtlsSrtp
from relay.rtc.ended_sessions import EndedSessions
from relay.rtc.peer_state import PeerState
from relay.rtc.receive.feedback import KeyframeBudget
from relay.rtc.receive.reporter import MAX_SSRCS
from relay.rtc.receive.sdp import parse_offer
from relay.rtc.send.delivery import DeliveryEvent
from relay.rtc.send.feed import Feed
from relay.rtc.send.numbering import Numbering
from relay.rtc.send.sdp import parse_play_offer
from relay.rtc.send.session import PLI_EVERY, RESEND_BURST, SendSession
from relay.rtc.ticker import TICK
from relay.rtc.udp import MAX_ADDRESSES, Route, UdpPort, _BoundSocket
from relay.websocket.counters import WebSocketCounters
from relay.websocket.viewer import WebSocketViewer
from relay.worker.workers import Workers
from server.ingest.counters import IngestCounters
from server.ingest.session import IngestSession
from server.ingest.transcoders import Transcoders
from tests.fixtures.channel import Publisher, make_channel, make_stream
from tests.fixtures.offers import offer
from tests.fuzz import clock, steps
from tests.fuzz.cutting import cut
from tests.fuzz.repeats import repeats

OFFER = parse_offer(offer("chromium"))
PLAY_OFFER = parse_play_offer(offer("chromium").replace("a=sendonly", "a=recvonly"), "avc1.42E01F")
PLAYED, FIRST_PLAYED = 9, 100
"""SSRC of the video sent to a WebRTC viewer, and its first sequence number."""
FRAMES, PACKETS = 160, 3
"""Frames sent to the viewer, and packets per frame. Every second frame is left out, as on a slow
path.
"""
_loop = asyncio.new_event_loop()


def _in_loop(work: Callable[[bytes], Coroutine[Any, Any, None]]) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        _loop.run_until_complete(work(data))
        left = asyncio.all_tasks(_loop)
        assert not left, f"tasks left behind: {left}"

    return run


async def _pass(milliseconds: int) -> None:
    """Moves the clock in ticks, each of which is a step. Runs the timers that are due."""
    left = milliseconds / 1_000
    while left > 0 and steps.take():
        clock.advance(min(left, TICK))
        left -= TICK
        await asyncio.sleep(0)
    await asyncio.sleep(0)


class _NoSrtp(DtlsSrtp):
    """Passes packets unchanged, so that fuzzed bytes reach the code behind decryption."""

    connected = True

    def unprotect_rtp(self, data: bytes) -> bytes:
        return data

    def unprotect_rtcp(self, data: bytes) -> bytes:
        return data

    def protect_rtp(self, data: bytes) -> bytes:
        return data

    def protect_rtcp(self, data: bytes) -> bytes:
        return data


class _Transport(asyncio.DatagramTransport, asyncio.WriteTransport):
    """Discards what is sent."""

    sent = 0
    """Bytes of datagrams."""

    def sendto(self, data: Any, addr: Any = None) -> None:
        assert data
        self.sent += len(data)

    def write(self, data: Any) -> None:
        assert data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


NO_SOCKET: Any = None
"""Nothing is sent in batches here, and no endpoint is closed."""


class _Owner:
    """Owns a publisher's session and ignores what it reports."""

    def flow_changed(self, session: IngestSession, flowing: bool) -> None: ...

    def session_ended(self, session: IngestSession, reason: str) -> None: ...


def _session(port: UdpPort) -> IngestSession:
    """A publisher's session after its handshake, publishing into its own stream."""
    stream = make_stream("fuzz", 2.0, 1 << 20)
    session = IngestSession(
        "id",
        stream,
        port,
        OFFER,
        address="192.0.2.9",
        budget=KeyframeBudget(),
        bitrate_cap=3_000_000,
        transcoders=Transcoders(Workers(), 1, 1, 1_000_000),
        counters=IngestCounters(),
        ended=EndedSessions(),
        owner=_Owner(),
    )
    session.rtc._dtls = _NoSrtp(session.rtc._send, lambda: None)
    session.rtc._route = Route(_Transport(), ("192.0.2.9", 50_000), NO_SOCKET, session.rtc)
    session.rtc._state = PeerState.CONNECTED
    session.begin(1, 0)
    return session


@_in_loop
async def session(data: bytes) -> None:
    """A sequence of decrypted packets of a hostile publisher. What the session keeps is bounded."""
    made = _session(UdpPort())
    route = made.rtc._route
    assert route
    made.rtc._connected()
    for repeat in repeats(data):
        for packet in repeat.packets():
            made.rtc.receive(packet, route)
        await _pass(repeat.pause)
    assert len(made.rtc._reporter.statistics) <= MAX_SSRCS
    assert made._stream.window.size <= 1 << 21
    await made.close()


@_in_loop
async def udp(data: bytes) -> None:
    """Datagrams from anywhere. An unexpected exception is counted as failed; none may occur."""
    port = UdpPort()
    made = _session(port)
    transport: Any = _Transport()
    endpoint = _BoundSocket(port, transport)
    ours = made.rtc.ufrag.encode()
    for part in cut(data):
        source = ("192.0.2.1", part[0] if part else 0)
        if part[:1] == b"\0":
            route = Route(transport, source, NO_SOCKET, made.rtc)
            port.add_route(endpoint, route)
        endpoint.receive(part[1:].replace(b"ufrag", ours), source)
    assert port.rejected.failed == 0
    assert len(endpoint.routes) <= MAX_ADDRESSES
    await made.close()


@_in_loop
async def dtls(data: bytes) -> None:
    """First flights of a handshake, read by OpenSSL.

    It raises only ConnectionError and leaves no task.
    """
    made = DtlsSrtp(lambda answer: None, lambda: None)
    handshake = asyncio.ensure_future(
        made.handshake([("sha-256", ":".join(["AB"] * 32))], client=False)
    )
    for part in cut(data):
        if part and 19 < part[0] < 64:
            made.receive(part)
            for _ in range(3):
                await asyncio.sleep(0)
    await made.close()
    handshake.cancel()
    (outcome,) = await asyncio.gather(handshake, return_exceptions=True)
    assert isinstance(outcome, (ConnectionError, asyncio.CancelledError)), repr(outcome)


@_in_loop
async def viewer(data: bytes) -> None:
    """Notices of a viewer: each is accepted, or it closes the connection."""
    channel = make_channel()
    made = WebSocketViewer(_Transport(), channel, WebSocketCounters())
    for part in cut(data):
        made.receive_text(part.decode("utf-8", "replace"))
    made.leave()


@_in_loop
async def feedback(data: bytes) -> None:
    """A sequence of decrypted packets of a hostile WebRTC viewer.

    Retransmissions and keyframe requests stay within their limits.
    """
    feed = Feed(make_channel())
    feed.ssrcs["video"] = PLAYED
    publisher = Publisher()
    feed.stream.attach(publisher)
    ended: list[str] = []
    began = monotonic()
    made, transport = SendSession(UdpPort(), PLAY_OFFER, feed, ended.append), _Transport()
    made._dtls = _NoSrtp(made._send, lambda: None)
    made._route = Route(transport, ("192.0.2.9", 50_000), NO_SOCKET, made)
    made._state = PeerState.CONNECTED
    made._delivery.advance(DeliveryEvent.CONNECTED)
    assert made._video
    made._video.numbering = Numbering(FIRST_PLAYED)
    for number in range(FRAMES):
        frame = feed.video.append([bytes(1_100)] * PACKETS, number * 3_000)
        if number % 2:
            made._video.numbering.take(frame.first, frame.count)
    for repeat in repeats(data):
        for packet in repeat.packets():
            made.receive(packet, made._route)
        await _pass(repeat.pause)
    assert made.counters.resent <= made.counters.nacks
    assert transport.sent <= 2 * RESEND_BURST
    assert len(publisher.demands) <= 1 + (monotonic() - began) / PLI_EVERY
    assert len(ended) <= 1
    await made.close()
