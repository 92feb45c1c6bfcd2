"""The life of a session, of which nothing is left after its end."""

import asyncio
import itertools
from dataclasses import replace
from time import monotonic
from typing import cast

import pytest

from relay.errors import OfferError
from relay.meter import Kind
from relay.pause import PauseRule
from relay.rtc import peer_session
from relay.rtc.consent import AMPLIFICATION, EXPIRES
from relay.rtc.dtls import DtlsSrtp, fingerprint
from relay.rtc.fragment import Fragment, parse_fragment
from relay.rtc.ice_sessions import PAST
from relay.rtc.peer_session import CHECKS_BURST, PeerSession
from relay.rtc.peer_state import PeerEvent, PeerState
from relay.rtc.receive.sdp import parse_offer
from relay.rtc.receive.session import ReceiveSession
from relay.rtc.receive.sink import Sink
from relay.rtc.send.feed import Feed
from relay.rtc.send.sdp import parse_play_offer
from relay.rtc.send.session import SendSession
from relay.rtc.udp import UdpPort
from tests.fixtures.channel import make_channel
from tests.fixtures.circles import held, no_collector
from tests.fixtures.deadline import eventually
from tests.fixtures.memory_peer import MemoryPeer
from tests.fixtures.offers import offer

PUBLISHER = offer("chromium")
PLAYER = PUBLISHER.replace("a=sendonly", "a=recvonly")

S, E = PeerState, PeerEvent
EVENTS = [E.CHECKED, E.HANDSHAKE_COMPLETED, E.ENDED, E.CLOSED]
# One row per state, one column per event of EVENTS; None: the state stays.
EXPECTED: dict[PeerState, list[PeerState | None]] = {
    S.CHECKING: [S.HANDSHAKING, None, S.ENDED, S.CLOSED],
    S.HANDSHAKING: [None, S.CONNECTED, S.ENDED, S.CLOSED],
    S.CONNECTED: [None, None, S.ENDED, S.CLOSED],
    S.ENDED: [None, None, None, S.CLOSED],
    S.CLOSED: [None, None, None, None],
}
PATHS: dict[PeerState, list[PeerEvent]] = {
    S.CHECKING: [],
    S.HANDSHAKING: [E.CHECKED],
    S.CONNECTED: [E.CHECKED, E.HANDSHAKE_COMPLETED],
    S.ENDED: [E.ENDED],
    S.CLOSED: [E.CLOSED],
}
"""Events that lead from a new session to each state."""


REPORT = b"\x80\xc9\0\1" + bytes(4)


def restart(ufrag: str) -> Fragment:
    """A fragment that restarts ICE."""
    return parse_fragment(f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{ufrag}-password-0123456789\r\n")


class Owner:
    """Owns a session, which refers back to it: as its sink, and by `on_closed`."""

    def __init__(
        self, *, publishes: bool, passive: bool = False, port: UdpPort | None = None
    ) -> None:
        """`passive`: the peer insists on being the DTLS server."""
        self.port = port = port or UdpPort()
        self.reasons: list[str] = []
        self.session: ReceiveSession | SendSession
        theirs = PUBLISHER.partition("a=fingerprint:")[2].partition("\r\n")[0]
        if publishes:
            offered = replace(
                parse_offer(PUBLISHER.replace(theirs, fingerprint())), passive=passive
            )
            session = ReceiveSession(port, offered, bitrate_cap=1_000_000, on_closed=self.hear)
            session.deliver_to(cast(Sink, self))
            self.session = session
        else:
            feed = Feed(make_channel())
            wanted = replace(
                parse_play_offer(PLAYER.replace(theirs, fingerprint()), "avc1.42E01F"),
                passive=passive,
            )
            self.session = SendSession(port, wanted, feed, self.hear)

    def hear(self, reason: str) -> None:
        self.reasons.append(reason)

    def tick(self, now: float) -> None: ...


@pytest.mark.parametrize(
    ("state", "event"), list(itertools.product(S, E)), ids=lambda value: value.name.lower()
)
async def test_every_event_in_every_state(state: PeerState, event: PeerEvent) -> None:
    session = Owner(publishes=True).session
    for earlier in PATHS[state]:
        session._advance(earlier)
    assert session._state is state
    session._advance(event)
    after = EXPECTED[state][EVENTS.index(event)] or state
    assert session._state is after
    assert session.connected is (after is S.CONNECTED)
    await session.close()


@pytest.mark.parametrize("publishes", [True, False])
async def test_the_states_of_a_session(publishes: bool) -> None:
    """Check, handshake, end, close; `on_closed` is called once."""
    owner = Owner(publishes=publishes)
    session, peer = owner.session, MemoryPeer(owner.session)
    assert session._state.name == "CHECKING"
    peer.check()
    assert session._state.name == "HANDSHAKING"
    await peer.connect()
    assert session._state.name == "CONNECTED"
    session._end("first")
    session._end("second")
    assert (session._state.name, owner.reasons) == ("ENDED", ["first"])
    peer.check()
    await session.close()
    session._end("third")
    assert (session._state.name, owner.reasons) == ("CLOSED", ["first"])
    await peer.close()


@pytest.mark.parametrize("publishes", [True, False])
async def test_time_is_charged_and_a_slowed_session_is_not_read(publishes: bool) -> None:
    """The handshake and each datagram count. While the session is slowed, no datagram is parsed."""
    owner = Owner(publishes=publishes)
    session, peer = owner.session, MemoryPeer(owner.session)
    account = session.account
    assert account.kind is (Kind.CREATOR if publishes else Kind.VIEWER)
    await peer.connect()
    handshake = account.spent_ns
    assert handshake > 500_000
    heard = session._heard_at
    account.slowed = True
    session.receive(b"\x80" + bytes(60), peer.route)
    with pytest.raises(AssertionError):
        peer.check()
    assert account.shed == 2 and session.counters.rejected == 0 and session._heard_at == heard
    account.slowed = False
    session.receive(b"\x80" + bytes(60), peer.route)
    assert session.counters.rejected == 1 and account.spent_ns > handshake
    await session.close()
    assert len(session._port.meter) == 0
    await peer.close()


async def test_a_session_that_used_too_much_ends_with_the_reason() -> None:
    owner = Owner(publishes=True)
    meter, account = owner.session._port.meter, owner.session.account
    now = 10.0
    while not owner.reasons:
        now += 0.25
        if not account.slowed:
            account.spent_ns += 200_000_000
        meter.sample(now, waiting=True)
    assert now < 30 and "of the server's time" in owner.reasons[0]
    await owner.session.close()


async def test_a_peer_that_closes_the_connection_ends_the_session() -> None:
    owner = Owner(publishes=True)
    peer = MemoryPeer(owner.session)
    await peer.connect()
    await peer.close()
    assert owner.reasons == ["the publisher closed the connection"]
    await owner.session.close()


@pytest.mark.parametrize(
    ("checked", "text"), [(False, "no connectivity check"), (True, "handshake was not completed")]
)
async def test_connect_says_what_is_missing(
    checked: bool, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_session, "CONNECT_TIMEOUT", 0.05)
    session = Owner(publishes=True).session
    if checked:
        MemoryPeer(session).check()
    with pytest.raises(ConnectionError, match=text):
        await session.connect()
    await session.close()


@pytest.mark.parametrize("publishes", [True, False])
async def test_media_moves_only_to_an_address_that_answers(publishes: bool) -> None:
    """A peer nominates an address with a forged source: nothing but a few checks is sent there."""
    owner = Owner(publishes=publishes)
    session, peer = owner.session, MemoryPeer(owner.session)
    await peer.connect()
    victim = MemoryPeer(session, ("192.0.2.66", 50_000))
    victim.answers = False
    sent = sum(victim.check() for _ in range(10))
    assert session._route is peer.route
    session._send_rtcp(REPORT)
    assert peer.received
    assert 0 < sum(map(len, victim.datagrams)) <= AMPLIFICATION * sent
    assert all(data[0] < 4 for data in victim.datagrams)
    roamed = MemoryPeer(session, ("192.0.2.77", 50_000))
    roamed.check()
    assert session._route is roamed.route
    await session.close()
    await peer.close()


@pytest.mark.parametrize("publishes", [True, False])
async def test_an_address_that_never_answers_gets_no_handshake(publishes: bool) -> None:
    """The handshake waits until the address answers, and then completes at once."""
    owner = Owner(publishes=publishes, passive=True)
    session, peer = owner.session, MemoryPeer(owner.session)
    peer.answers = False
    sent = peer.check()
    connecting = asyncio.ensure_future(session.connect())
    await eventually(lambda: session._peer_counters.withheld)
    assert sum(map(len, peer.datagrams)) <= AMPLIFICATION * sent
    assert all(data[0] < 4 for data in peer.datagrams)
    peer.answers = True
    (question,) = peer.questions
    peer._answer(question)
    assert any(19 < data[0] < 64 for data in peer.datagrams)
    connecting.cancel()
    await session.close()
    await peer.close()


@pytest.mark.parametrize("publishes", [True, False])
async def test_an_ice_restart_keeps_the_dtls_connection(publishes: bool) -> None:
    """Media stays on the old route until a route of the new ICE session is nominated and proven.
    Then the old ICE session is over.
    """
    owner = Owner(publishes=publishes)
    session, peer = owner.session, MemoryPeer(owner.session)
    await peer.connect()
    assert session.is_restart(restart("one"))
    session.restart_ice(restart("one"))
    session._send_rtcp(REPORT)
    assert peer.received and session._route is peer.route
    asked = len(peer.questions)
    session._ask(peer.route, monotonic())
    (question,) = peer.questions[asked:]
    assert f"{peer.agent.remote_ufrag}:{peer.agent.ufrag}".encode() in question
    assert peer.route.pending == {}, "the check of the old ICE session was not answered"
    moved = MemoryPeer(session, ("192.0.2.77", 50_000))
    moved.check(nominated=False)
    assert session._route is peer.route
    moved.check()
    assert session._route is moved.route and session.connected
    session._send_rtcp(REPORT)
    assert moved.datagrams[-1][0] > 127
    assert list(owner.port.peers) == [session.ufrag]
    with pytest.raises(AssertionError):
        peer.check()
    await session.close()
    assert owner.port.peers == {}
    await peer.close()


async def test_a_peer_that_has_left_its_route_gets_media_before_it_nominates_another() -> None:
    """The old ICE session stays, because the browser still nominates its route from the new
    address.
    """
    owner = Owner(publishes=False)
    session, peer = owner.session, MemoryPeer(owner.session)
    await peer.connect()
    session.restart_ice(restart("one"))
    moved = MemoryPeer(session, ("192.0.2.77", 50_000))
    moved.check(nominated=False)
    assert session._route is peer.route
    await eventually(lambda: session._route is moved.route)
    session._send_rtcp(REPORT)
    assert moved.datagrams[-1][0] > 127
    former = MemoryPeer(session, ("192.0.2.77", 50_001))
    former.agent = peer.agent
    former.check()
    assert session._route is former.route and len(owner.port.peers) == 2
    moved.check()
    assert session._route is moved.route and list(owner.port.peers) == [session.ufrag]
    await session.close()
    await peer.close()


async def test_restarts_that_fail_change_nothing() -> None:
    """However often the peer restarts, two ICE sessions exist: the one that works and the last."""
    owner = Owner(publishes=True)
    session, peer = owner.session, MemoryPeer(owner.session)
    await peer.connect()
    for name in ("one", "two", "three", "four", "five"):
        session.restart_ice(restart(name))
    assert set(owner.port.peers) == {peer.agent.ufrag, session.ufrag}
    peer.check()
    assert session._route is peer.route
    assert len(session._ice.past) == PAST
    with pytest.raises(OfferError, match="former"):
        session.is_restart(restart("four"))
    await session.close()
    assert owner.port.peers == {}
    with pytest.raises(OfferError, match="ended"):
        session.is_restart(restart("six"))
    await peer.close()


async def test_an_ice_restart_on_the_same_address() -> None:
    """The server's checks have the new credentials from the first check of the new session on."""
    owner = Owner(publishes=False)
    session, peer = owner.session, MemoryPeer(owner.session)
    await peer.connect()
    session.restart_ice(restart("one"))
    before, peer.agent = peer.agent, session._ice.current
    peer.check()
    assert list(owner.port.peers) == [session.ufrag]
    session._ask(peer.route, monotonic())
    assert f"one:{session.ufrag}".encode() in peer.questions[-1]
    assert peer.route.pending == {}
    assert before.ufrag not in owner.port.peers
    await session.close()
    await peer.close()


async def test_a_flood_of_checks_is_dropped_unread() -> None:
    session = Owner(publishes=False).session
    peer = MemoryPeer(session)
    with pytest.raises(AssertionError):
        for _ in range(2 * CHECKS_BURST):
            peer.check()
    assert session._peer_counters.limited == 1
    await session.close()


@pytest.mark.parametrize("publishes", [True, False])
async def test_a_session_without_consent_ends(publishes: bool) -> None:
    owner = Owner(publishes=publishes)
    session, peer = owner.session, MemoryPeer(owner.session)
    await peer.connect()
    peer.answers = False
    session._consent._answers = True
    peer.route.answered_at = monotonic() - EXPIRES
    session._keep_consent()
    word = "publisher" if publishes else "viewer"
    assert owner.reasons == [f"the {word} answered no check for 30 s"]
    assert session._peer_counters.unconsented == 1
    await session.close()
    await peer.close()


async def test_consent_does_not_end_before_the_sockets_are_read() -> None:
    """After a pause of the process, the answer may still wait in a socket."""
    owner = Owner(publishes=False)
    session, peer = owner.session, MemoryPeer(owner.session)
    await peer.connect()
    peer.answers = False
    peer.route.asked_at = None
    peer.route.answered_at = monotonic() - EXPIRES
    session._port.pause = PauseRule(lambda: True)
    session._keep_consent()
    assert owner.reasons == [] and session.connected
    (question,) = peer.questions[-1:]
    peer._answer(question)
    session._keep_consent()
    assert owner.reasons == []
    await session.close()
    await peer.close()


async def test_connecting_is_not_given_up_before_the_sockets_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peer_session, "CONNECT_TIMEOUT", 0.01)
    session = Owner(publishes=True).session
    asked: list[float] = []

    def unread() -> bool:
        asked.append(monotonic())
        return len(asked) < 3

    session._port.pause = PauseRule(unread)
    with pytest.raises(ConnectionError, match="no connectivity check"):
        await session.connect()
    assert len(asked) == 3
    await session.close()


async def test_a_fragment_that_is_taken_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["first", "first", "second"])
    monkeypatch.setattr("relay.rtc.ice.secrets.token_hex", lambda size: next(drawn))
    owner = Owner(publishes=True)
    other = Owner(publishes=True, port=owner.port)
    assert (owner.session.ufrag, other.session.ufrag) == ("first", "second")
    await owner.session.close()
    assert list(owner.port.peers) == ["second"]
    await other.session.close()


async def test_connect_fails_when_the_session_is_closed() -> None:
    session = Owner(publishes=True).session
    await session.close()
    with pytest.raises(ConnectionError, match="was closed"):
        await session.connect()


async def test_a_feed_does_not_reference_a_session_that_left() -> None:
    """Even one that left before its first sender report."""
    with no_collector():
        before = held(SendSession, Feed)
        channel = make_channel()
        feed = Feed(channel)
        session = SendSession(
            UdpPort(), parse_play_offer(PLAYER, "avc1.42E01F"), feed, lambda reason: None
        )
        feed.add(session)
        feed.connected(session)
        feed.remove(session, counted=True)
        await session.close()
        assert len(held(SendSession, Feed)) == len(before) + 2
        del session, feed
        assert held(SendSession, Feed) == before


@pytest.mark.parametrize("publishes", [True, False])
async def test_a_closed_session_references_neither_its_owner_nor_itself(publishes: bool) -> None:
    """OpenSSL's and libsrtp's memory is freed at once, not at a garbage collection."""
    kinds = Owner, PeerSession, DtlsSrtp
    with no_collector():
        before = held(*kinds)
        owner = Owner(publishes=publishes)
        peer = MemoryPeer(owner.session)
        peer.check()
        await owner.session.close()
        await owner.session.close()
        await peer.close()
        del peer.route  # it refers back to the peer
        del peer
        assert len(held(*kinds)) == len(before) + 3
        del owner
        assert held(*kinds) == before
